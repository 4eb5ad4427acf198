use super::*;

fn rule(key: &str, operator: &str, values: &[&str]) -> Result<Rule, FilterError> {
    let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
    Rule::new(Key::Standard(key.parse().unwrap()), operator.parse().unwrap(), &values)
}

fn custom(kind: DisplayType, operator: Operator, value: &str) -> Result<Rule, FilterError> {
    Rule::new(Key::Custom { key: "seats".into(), kind }, operator, &[value.to_owned()])
}

#[test]
fn every_pair_of_key_and_operator_is_taken_or_refused_as_chatwoot_has_it() {
    let table = [
        ("name", "equal_to not_equal_to contains does_not_contain"),
        ("phone_number", "equal_to not_equal_to contains does_not_contain starts_with"),
        ("email", "equal_to not_equal_to contains does_not_contain"),
        ("identifier", "equal_to not_equal_to"),
        ("country_code", "equal_to not_equal_to"),
        ("city", "equal_to not_equal_to contains does_not_contain"),
        ("company_name", "equal_to not_equal_to contains does_not_contain"),
        ("company", "equal_to not_equal_to contains does_not_contain"),
        ("labels", "equal_to not_equal_to is_present is_not_present"),
        ("created_at", "is_greater_than is_less_than days_before"),
        ("last_activity_at", "is_greater_than is_less_than days_before"),
        ("blocked", "equal_to not_equal_to"),
    ];
    assert_eq!(table.len(), ContactKey::ALL.len());
    for (key, taken) in table {
        for operator in Operator::ALL {
            let values: &[&str] = match operator {
                Operator::IsPresent | Operator::IsNotPresent => &[],
                Operator::DaysBefore => &["3"],
                _ if key == "blocked" => &["true"],
                _ if key.ends_with("_at") => &["2026-03-01"],
                _ => &["x"],
            };
            let result = rule(key, operator.as_str(), values);
            let expected = taken.split(' ').any(|known| known == operator.as_str());
            assert_eq!(result.is_ok(), expected, "{key} {operator}: {result:?}");
        }
    }
}

#[test]
fn a_refusal_says_what_the_key_takes() {
    let error = rule("identifier", "contains", &["x"]).unwrap_err().to_string();
    assert_eq!(error, "identifier cannot be compared with contains: write one of equal_to, not_equal_to");
    let error = "phone".parse::<ContactKey>().unwrap_err().to_string();
    assert!(
        error.starts_with("attribute key \"phone\" is not one of Chatwoot's: write one of name, "),
        "{error}"
    );
}

#[test]
fn values_fit_the_operator_in_number_and_type() {
    assert!(rule("email", "equal_to", &["a", "b"]).is_err(), "Chatwoot would look at the first only");
    assert!(rule("email", "equal_to", &[]).is_err());
    assert!(rule("email", "contains", &["a", "b"]).is_ok());
    assert!(rule("email", "contains", &["a", " "]).is_err());
    assert!(rule("labels", "is_present", &["x"]).is_err());
    assert!(rule("blocked", "equal_to", &["yes"]).is_err());
    assert!(rule("created_at", "days_before", &["-3"]).is_err());
    for value in ["1.3.2026", "yesterday", "2026-02-30", "2026-01-01'; DROP TABLE contacts; --"] {
        let error = rule("created_at", "is_less_than", &[value]).unwrap_err();
        assert!(!error.to_string().contains(value), "{error}");
    }
}

#[test]
fn a_custom_attribute_is_compared_by_its_type() {
    assert!(custom(DisplayType::Number, Operator::IsGreaterThan, "12.5").is_ok());
    assert!(custom(DisplayType::Number, Operator::IsGreaterThan, "twelve").is_err());
    assert!(custom(DisplayType::Number, Operator::EqualTo, "inf").is_err());
    assert!(custom(DisplayType::Number, Operator::Contains, "1").is_err());
    assert!(custom(DisplayType::Checkbox, Operator::EqualTo, "true").is_ok());
    assert!(custom(DisplayType::Date, Operator::IsLessThan, "2026-03-01").is_ok());
    assert!(custom(DisplayType::Text, Operator::Contains, "a").is_ok());
    assert!(matches!(
        custom(DisplayType::Currency, Operator::EqualTo, "1"),
        Err(FilterError::NotComparable(_))
    ));
    let key = Key::Custom { key: "a' OR 1=1".into(), kind: DisplayType::Text };
    assert!(matches!(Rule::new(key, Operator::EqualTo, &["x".into()]), Err(FilterError::BadKey(_))));
}

#[test]
fn rules_go_out_with_the_operator_that_joins_the_next_and_none_on_the_last() {
    let filter = Filter::new(rule("phone_number", "equal_to", &["+4930123"]).unwrap())
        .and(rule("blocked", "equal_to", &["false"]).unwrap())
        .or(rule("labels", "is_present", &[]).unwrap());
    assert_eq!(
        serde_json::to_value(&filter).unwrap(),
        json!([
            {"attribute_key": "phone_number", "filter_operator": "equal_to", "values": ["4930123"], "query_operator": "AND"},
            {"attribute_key": "blocked", "filter_operator": "equal_to", "values": [false], "query_operator": "OR"},
            {"attribute_key": "labels", "filter_operator": "is_present", "values": [], "query_operator": null},
        ])
    );
    assert!(!format!("{filter:?}").contains("4930123"));
}
