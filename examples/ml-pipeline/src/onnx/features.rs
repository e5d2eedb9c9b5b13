//! The part of a model that turns raw columns into features, as `crate::features` does.

use super::{
    graph::{Builder, int, ints, text, texts},
    proto::element,
    spellings::spellings,
};
use crate::{
    features::{CLIP, Category, Encoder, Form, HALF, Number, Period, WAVES, Wave, bag::Bag},
    schema::{Column, Kind},
};

/// Adds inputs for all columns, and what makes features of them. Returns the name of the features,
/// `[N, width]`, and of each column's input.
pub fn features(
    graph: &mut Builder,
    columns: &[Column],
    encoder: &Encoder,
    form: Form,
) -> (String, Vec<String>) {
    let inputs: Vec<_> = columns
        .iter()
        .map(|column| {
            graph.input(
                &column.name,
                if column.kind.is_text() {
                    element::STRING
                } else {
                    element::FLOAT
                },
            )
        })
        .collect();
    let mut parts = Vec::new();
    if !encoder.numbers.is_empty() {
        parts.extend(numbers(graph, &inputs, encoder, form));
    }
    for category in &encoder.categories {
        let is_boolean = columns[category.column].kind == Kind::Boolean;
        let known = spellings(&category.words, &encoder.missing, is_boolean);
        parts.extend(words(graph, &inputs[category.column], category, known));
    }
    for column in &encoder.texts {
        parts.push(bag(graph, &inputs[column.column], column));
    }
    (concat(graph, &parts, "features"), inputs)
}

/// How many parts are put together at once: runtimes take time for more that grows with its square.
const PARTS: usize = 64;

fn concat(graph: &mut Builder, parts: &[String], wanted: &str) -> String {
    let mut parts = parts.to_vec();
    while parts.len() > PARTS {
        parts = parts
            .chunks(PARTS)
            .map(|some| concat(graph, some, wanted))
            .collect();
    }
    let parts: Vec<_> = parts.iter().map(String::as_str).collect();
    graph.node("Concat", &parts, wanted, vec![int("axis", 1)])
}

fn numbers(graph: &mut Builder, inputs: &[String], encoder: &Encoder, form: Form) -> Vec<String> {
    let numbers = &encoder.numbers;
    let width = numbers.len();
    let each: Vec<_> = numbers
        .iter()
        .map(|number| inputs[number.column].clone())
        .collect();
    let mut raw = concat(graph, &each, "numbers");
    for &number in encoder.missing.numbers() {
        raw = without(graph, &raw, number as f32, numbers);
    }
    let places = |is: fn(&Number) -> bool| -> Vec<i64> {
        numbers
            .iter()
            .zip(0..)
            .filter(|(number, _)| is(number))
            .map(|(_, place)| place)
            .collect()
    };
    let (may_miss, dates) = (
        places(|number| number.may_miss),
        places(|number| number.calendar.is_some()),
    );
    if form == Form::Raw && may_miss.is_empty() && dates.is_empty() {
        return vec![raw];
    }
    let means = graph.floats(
        "means",
        &[1, width],
        &numbers.iter().map(|it| it.mean).collect::<Vec<_>>(),
    );
    let missing = graph.node("IsNaN", &[&raw], "missing", vec![]);
    let known = graph.node("Where", &[&missing, &means, &raw], "known", vec![]);
    let centered = graph.node("Sub", &[&known, &means], "centered", vec![]);
    let mut parts = vec![match form {
        Form::Raw => raw,
        Form::Scaled => scaled(graph, &centered, numbers),
    }];
    if !may_miss.is_empty() {
        let flags = graph.node(
            "Cast",
            &[&missing],
            "missing_flags",
            vec![int("to", i64::from(element::FLOAT))],
        );
        parts.push(pick(graph, &flags, &may_miss, "missing_some"));
    }
    for period in [Period::Year, Period::Week, Period::Day] {
        parts.extend(waves(graph, &known, encoder, period, form));
    }
    parts
}

/// Makes a number missing wherever it stands, but for dates, whose days may be that many.
fn without(graph: &mut Builder, raw: &str, number: f32, numbers: &[Number]) -> String {
    let sought = numbers.iter().map(|it| {
        if it.calendar.is_some() {
            f32::NAN
        } else {
            number
        }
    });
    let sought = graph.floats(
        "missing_number",
        &[1, numbers.len()],
        &sought.collect::<Vec<_>>(),
    );
    let nothing = graph.floats("nothing", &[], &[f32::NAN]);
    let is_it = graph.node("Equal", &[raw, &sought], "is_missing_number", vec![]);
    graph.node("Where", &[&is_it, &nothing, raw], "present", vec![])
}

fn scaled(graph: &mut Builder, centered: &str, numbers: &[Number]) -> String {
    let deviations = graph.floats(
        "deviations",
        &[1, numbers.len()],
        &numbers.iter().map(|it| it.deviation).collect::<Vec<_>>(),
    );
    let (least, most) = (
        graph.floats("least", &[], &[-CLIP]),
        graph.floats("most", &[], &[CLIP]),
    );
    let scaled = graph.node("Div", &[centered, &deviations], "scaled", vec![]);
    graph.node("Clip", &[&scaled, &least, &most], "clipped", vec![])
}

/// Some columns of a matrix.
fn pick(graph: &mut Builder, matrix: &str, places: &[i64], wanted: &str) -> String {
    let places = graph.ints(&format!("{wanted}_places"), &[places.len()], places);
    graph.node("Gather", &[matrix, &places], wanted, vec![int("axis", 1)])
}

/// The features of all dates that have a period, in the order of [`WAVES`].
fn waves(
    graph: &mut Builder,
    known: &str,
    encoder: &Encoder,
    period: Period,
    form: Form,
) -> Vec<String> {
    let turning: Vec<_> = encoder.turning(period).collect();
    if turning.is_empty() {
        return Vec::new();
    }
    let place = |number: &Number| {
        encoder
            .numbers
            .iter()
            .position(|it| it.column == number.column)
    };
    let places: Vec<_> = turning
        .iter()
        .filter_map(|(it, _)| Some(place(it)? as i64))
        .collect();
    let starts: Vec<_> = turning.iter().map(|(_, start)| *start).collect();
    let dates = pick(graph, known, &places, "dates");
    let starts = graph.floats("period_starts", &[1, starts.len()], &starts);
    let length = graph.floats("period", &[], &[period.days()]);
    let days = graph.node("Sub", &[&dates, &starts], "days", vec![]);
    // As `Period::over` does it.
    let half = graph.floats("half_day", &[], &[HALF]);
    let whole_days = graph.node("Floor", &[&days], "whole_days", vec![]);
    let within = graph.node("Add", &[&whole_days, &half], "within_day", vec![]);
    let turns = graph.node("Div", &[&within, &length], "turns", vec![]);
    let whole_turns = graph.node("Floor", &[&turns], "whole_turns", vec![]);
    let over = graph.node("Mul", &[&whole_turns, &length], "turns_over", vec![]);
    let rest = graph.node("Sub", &[&days, &over], "rest_of_turn", vec![]);
    let waves = WAVES.iter().filter(|(it, _)| *it == period);
    if form == Form::Raw {
        let nothing = graph.node("Sub", &[&rest, &rest], "no_wave", vec![]);
        let waves = waves.map(|(_, wave)| match wave {
            Wave::Part => rest.clone(),
            Wave::Sine | Wave::Cosine => nothing.clone(),
        });
        return waves.collect();
    }
    let circle = graph.floats("circle", &[], &[std::f32::consts::TAU]);
    let part = graph.node("Div", &[&rest, &length], "part_of_turn", vec![]);
    let angle = graph.node("Mul", &[&part, &circle], "angle", vec![]);
    waves
        .map(|(_, wave)| match wave {
            Wave::Part => part.clone(),
            Wave::Sine => graph.node("Sin", &[&angle], "wave", vec![]),
            Wave::Cosine => graph.node("Cos", &[&angle], "wave", vec![]),
        })
        .collect()
}

/// A feature for each word that has one, and the target encoding. A word that was never learned has none
/// set: its index is beyond them, and the last row of the table is all 0.
fn words(
    graph: &mut Builder,
    input: &str,
    category: &Category,
    (spellings, places): (Vec<String>, Vec<i64>),
) -> Vec<String> {
    let attributes = vec![
        ints("cats_int64s", places),
        texts("cats_strings", &spellings),
        int("default_int64", category.words.len() as i64),
    ];
    let index = graph.node("CategoryMapper", &[input], "word_index", attributes);
    let own = category.own;
    let mut table = vec![0.0; (own + 1) * own];
    (0..own).for_each(|word| table[word * own + word] = 1.0);
    let table = graph.floats("words_table", &[own + 1, own], &table);
    if category.outputs == 0 {
        return vec![rows(graph, &table, &index, "words")];
    }
    let end = graph.ints("words_end", &[], &[own as i64]);
    let frequent = graph.node("Min", &[&index, &end], "word_or_none", vec![]);
    let dims = [category.words.len() + 1, category.outputs];
    let encoding = graph.floats("words_encoding", &dims, &category.encoding);
    vec![
        rows(graph, &table, &frequent, "words"),
        rows(graph, &encoding, &index, "encoded_words"),
    ]
}

/// A feature for each known word of a text. `TfIdfVectorizer` takes the words as they are: in its mode `IDF`,
/// without weights, a word is there or not.
fn bag(graph: &mut Builder, input: &str, column: &Bag) -> String {
    let axis = graph.ints("text_axis", &[1], &[1]);
    let flat = graph.node("Squeeze", &[input, &axis], "text", vec![]);
    let tokens = graph.node_of_two("StringSplit", &flat, ["tokens", "token_count"]);
    let (words, places): (Vec<_>, Vec<_>) = column.spellings.iter().cloned().unzip();
    let attributes = vec![
        text("mode", "IDF"),
        int("min_gram_length", 1),
        int("max_gram_length", 1),
        int("max_skip_count", 0),
        ints("ngram_counts", vec![0]),
        ints(
            "ngram_indexes",
            places.into_iter().map(|it: usize| it as i64).collect(),
        ),
        texts("pool_strings", &words),
    ];
    graph.node("TfIdfVectorizer", &[&tokens], "text_words", attributes)
}

/// The rows of a table.
fn rows(graph: &mut Builder, table: &str, index: &str, wanted: &str) -> String {
    let rows = graph.node("Gather", &[table, index], "word_rows", vec![int("axis", 0)]);
    let axis = graph.ints("word_axis", &[1], &[1]);
    graph.node("Squeeze", &[&rows, &axis], wanted, vec![])
}
