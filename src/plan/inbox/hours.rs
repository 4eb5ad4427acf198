//! Opening hours, a field for each day: `working_hours.monday`.

use crate::{
    api::inbox::{OpeningHours, Weekday, WorkingHours},
    chatwoot::{tenant::inbox::WorkingDay, types::Map},
    plan::content::Telling,
};
use serde_json::{Value, json};

const NAMES: [(Weekday, &str); 7] = [
    (Weekday::Sunday, "working_hours.sunday"),
    (Weekday::Monday, "working_hours.monday"),
    (Weekday::Tuesday, "working_hours.tuesday"),
    (Weekday::Wednesday, "working_hours.wednesday"),
    (Weekday::Thursday, "working_hours.thursday"),
    (Weekday::Friday, "working_hours.friday"),
    (Weekday::Saturday, "working_hours.saturday"),
];

/// Declared days, as [`seen`] shows them.
pub fn wanted(hours: Option<&WorkingHours>) -> Map {
    let days = hours.map(|hours| hours.days.as_slice()).unwrap_or_default();
    days.iter().filter_map(|day| field(number(day.day), row(day))).collect()
}

/// What every day of an inbox is like. Of a day that is closed or open all day the hours do not count.
pub fn seen(days: &[WorkingDay]) -> Map {
    let plain = |day: &WorkingDay| {
        let only = |closed_all_day, open_all_day| WorkingDay {
            day_of_week: day.day_of_week,
            closed_all_day,
            open_all_day,
            ..WorkingDay::default()
        };
        match (day.closed_all_day, day.open_all_day) {
            (true, _) => only(true, false),
            (false, true) => only(false, true),
            (false, false) => *day,
        }
    };
    days.iter().filter_map(|day| field(day.day_of_week, plain(day))).collect()
}

/// Every day that is shown, as a manifest declares it.
pub fn told(inbox: &Telling<'_>) -> Vec<OpeningHours> {
    let time = |hour: Option<u8>, minutes: Option<u8>| Some(format!("{:02}:{:02}", hour?, minutes?));
    let told = |(weekday, field): &(Weekday, &str)| {
        let day: WorkingDay = inbox.read(field)?;
        let has_hours = !day.closed_all_day && !day.open_all_day;
        Some(OpeningHours {
            day: *weekday,
            closed: day.closed_all_day.then_some(true),
            open_all_day: day.open_all_day.then_some(true),
            open: time(day.open_hour, day.open_minutes).filter(|_| has_hours),
            close: time(day.close_hour, day.close_minutes).filter(|_| has_hours),
        })
    };
    NAMES.iter().filter_map(told).collect()
}

/// Whether a field is a day.
pub fn is_day(field: &str) -> bool {
    NAMES.iter().any(|(_, name)| *name == field)
}

/// The days among the fields of a wish, as Chatwoot takes them.
pub fn days(fields: &Map) -> Vec<WorkingDay> {
    let days = fields.iter().filter(|(field, _)| is_day(field));
    days.filter_map(|(_, day)| serde_json::from_value(day.clone()).ok()).collect()
}

fn field(number: u8, day: WorkingDay) -> Option<(String, Value)> {
    let (_, name) = NAMES.get(usize::from(number))?;
    Some(((*name).to_owned(), json!(day)))
}

fn number(day: Weekday) -> u8 {
    // Chatwoot's week begins with Sunday, which is 0.
    day as u8
}

fn row(day: &OpeningHours) -> WorkingDay {
    let time = |text: &Option<String>| {
        let (hour, minutes) = text.as_deref()?.split_once(':')?;
        Some((hour.parse::<u8>().ok()?, minutes.parse::<u8>().ok()?))
    };
    let (open, close) = (time(&day.open), time(&day.close));
    WorkingDay {
        day_of_week: number(day.day),
        closed_all_day: day.closed == Some(true),
        open_all_day: day.open_all_day == Some(true),
        open_hour: open.map(|(hour, _)| hour),
        open_minutes: open.map(|(_, minutes)| minutes),
        close_hour: close.map(|(hour, _)| hour),
        close_minutes: close.map(|(_, minutes)| minutes),
    }
}
