# Runs a command that must not outlive whoever holds the other end of this shell's standard input.
#
#   sh -c "$(cat supervise.sh)" supervise SECONDS PIDFILE COMMAND…
#
# The holder closes its end, or dies: the command gets SIGTERM, and SIGKILL after SECONDS. The holder writes
# "kill": SIGKILL at once. The command ends by itself: so does this shell, with the same status.
# The shell leads a process group of its own, so the command's own children go the same way.
grace=$1 pidfile=$2
shift 2
exec 3<&0 </dev/null
(
  trap '' TERM
  read -r order <&3
  [ "$order" != kill ] || kill -KILL 0
  kill -TERM 0
  # Away from our log and pipe, so that this sleep holds up nobody when it is not waited for.
  sleep "$grace" >/dev/null 2>&1
  kill -KILL 0
) &
watcher=$!
exec 3<&-
stopping=
trap 'stopping=yes' TERM
sh -c 'echo "$$" >"$1" && shift && exec "$@"' control-plane "$pidfile" "$@"
status=$?
[ -z "$stopping" ] || kill -KILL 0
kill -KILL "$watcher"
trap '' TERM
kill -TERM 0
exit "$status"
