#[test]
fn gen_all() {
    chatwoot_operator::cli::crds::run(Some(std::path::Path::new("crds"))).unwrap();
    std::fs::write("/tmp/reference.md", chatwoot_operator::api::schema::reference()).unwrap();
}
