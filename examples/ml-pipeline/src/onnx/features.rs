//! The part of a model that turns raw columns into features, as `crate::features` does.

use super::{
    graph::{Builder, int, ints, texts},
    proto::element,
};
use crate::{
    features::{CLIP, Category, Encoder, Number, WAVES},
    schema::Column,
};

/// Adds inputs for all columns, and what makes features of them. Returns the name of the features,
/// `[N, width]`, and of each column's input.
pub fn features(
    graph: &mut Builder,
    columns: &[Column],
    encoder: &Encoder,
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
        parts.extend(numbers(graph, &inputs, &encoder.numbers));
    }
    for category in &encoder.categories {
        parts.push(words(graph, &inputs[category.column], category));
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

fn numbers(graph: &mut Builder, inputs: &[String], numbers: &[Number]) -> Vec<String> {
    let width = numbers.len();
    let each: Vec<_> = numbers
        .iter()
        .map(|number| inputs[number.column].clone())
        .collect();
    let raw = concat(graph, &each, "numbers");
    let means = graph.floats(
        "means",
        &[1, width],
        &numbers.iter().map(|it| it.mean).collect::<Vec<_>>(),
    );
    let deviations = graph.floats(
        "deviations",
        &[1, width],
        &numbers.iter().map(|it| it.deviation).collect::<Vec<_>>(),
    );
    let (least, most) = (
        graph.floats("least", &[], &[-CLIP]),
        graph.floats("most", &[], &[CLIP]),
    );
    let missing = graph.node("IsNaN", &[&raw], "missing", vec![]);
    let known = graph.node("Where", &[&missing, &means, &raw], "known", vec![]);
    let centered = graph.node("Sub", &[&known, &means], "centered", vec![]);
    let scaled = graph.node("Div", &[&centered, &deviations], "scaled", vec![]);
    let mut parts = vec![graph.node("Clip", &[&scaled, &least, &most], "clipped", vec![])];

    let places = |is: fn(&Number) -> bool| -> Vec<i64> {
        numbers
            .iter()
            .zip(0..)
            .filter(|(number, _)| is(number))
            .map(|(_, place)| place)
            .collect()
    };
    let may_miss = places(|number| number.may_miss);
    if !may_miss.is_empty() {
        let flags = graph.node(
            "Cast",
            &[&missing],
            "missing_flags",
            vec![int("to", i64::from(element::FLOAT))],
        );
        parts.push(pick(graph, &flags, &may_miss, "missing_some"));
    }
    let dates = places(|number| number.is_date);
    if !dates.is_empty() {
        let days = pick(graph, &centered, &dates, "days");
        parts.extend(waves(graph, &days));
    }
    parts
}

/// Some columns of a matrix.
fn pick(graph: &mut Builder, matrix: &str, places: &[i64], wanted: &str) -> String {
    let places = graph.ints(&format!("{wanted}_places"), &[places.len()], places);
    graph.node("Gather", &[matrix, &places], wanted, vec![int("axis", 1)])
}

fn waves(graph: &mut Builder, days: &str) -> Vec<String> {
    let circle = graph.floats("circle", &[], &[std::f32::consts::TAU]);
    let mut parts = Vec::new();
    for (index, (period, _)) in WAVES.iter().enumerate() {
        let period = graph.floats("period", &[], &[*period]);
        let turns = graph.node("Div", &[days, &period], "turns", vec![]);
        let whole = graph.node("Floor", &[&turns], "whole_turns", vec![]);
        let part = graph.node("Sub", &[&turns, &whole], "part_of_turn", vec![]);
        let angle = graph.node("Mul", &[&part, &circle], "angle", vec![]);
        // WAVES has the sine of each period before its cosine.
        let op = if index.is_multiple_of(2) {
            "Sin"
        } else {
            "Cos"
        };
        parts.push(graph.node(op, &[&angle], "wave", vec![]));
    }
    parts
}

/// A feature for each word. A word that was never learned has none set: its index is beyond them, and
/// the last row of the table is all 0.
fn words(graph: &mut Builder, input: &str, category: &Category) -> String {
    let count = category.words.len();
    let indices = (0..count as i64).collect();
    let mut table = vec![0.0; (count + 1) * count];
    (0..count).for_each(|word| table[word * count + word] = 1.0);
    let table = graph.floats("words_table", &[count + 1, count], &table);
    let attributes = vec![
        ints("cats_int64s", indices),
        texts("cats_strings", &category.words),
        int("default_int64", count as i64),
    ];
    let index = graph.node("CategoryMapper", &[input], "word_index", attributes);
    let rows = graph.node(
        "Gather",
        &[&table, &index],
        "word_rows",
        vec![int("axis", 0)],
    );
    let axis = graph.ints("word_axis", &[1], &[1]);
    graph.node("Squeeze", &[&rows, &axis], "words", vec![])
}
