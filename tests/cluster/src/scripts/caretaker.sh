# Removes a folder once nobody holds the other end of this shell's standard input any more.
#
#   sh -c "$(cat caretaker.sh)" caretaker FOLDER
#
# The holders are the process that made the folder and every process it started there, so the folder
# goes after the last of them, however they end.
cat >/dev/null
rm -rf -- "$1"
