//! Circles: files or rooms of one crate that use each other, directly or through others.

use crate::survey::{Edge, Survey};
use std::collections::{BTreeMap, BTreeSet};

/// What the nodes of the graph are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Single files.
    Files,
    /// The first folders, or files, under the root of a crate.
    Rooms,
}

/// A strongly connected part of the graph with more than one node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Circle {
    /// The files or rooms, sorted.
    pub members: Vec<String>,
    /// The uses between them, in the order of the files.
    pub edges: Vec<Edge>,
}

/// The circles of the crates that are delivered.
pub fn circles(survey: &Survey, level: Level) -> Vec<Circle> {
    circles_of(survey, level, |survey, file| survey.files[file].is_product())
}

/// The circles of the crates that only serve tests.
pub fn support_circles(survey: &Survey, level: Level) -> Vec<Circle> {
    circles_of(survey, level, |survey, file| survey.files[file].krate.is_some_and(|krate| !krate.product))
}

/// The messages about the circles of the delivered crates.
pub fn offenders(survey: &Survey, level: Level) -> Vec<String> {
    circles(survey, level).iter().map(|circle| describe(survey, circle)).collect()
}

/// A circle in words: its members, and each use with its place.
pub fn describe(survey: &Survey, circle: &Circle) -> String {
    let mut text = format!("{} in a circle: {}", circle.members.len(), circle.members.join(", "));
    for ((from, to), paths) in grouped(survey, &circle.edges) {
        text.push_str(&format!("\n  {from} -> {to}"));
        for (path, lines) in paths {
            text.push_str(&format!("\n    {path} (line {})", lines.join(", ")));
        }
    }
    text
}

/// The lines of each path, by the two files.
type Grouped<'a> = BTreeMap<(&'a str, &'a str), BTreeMap<&'a str, Vec<String>>>;

fn grouped<'a>(survey: &'a Survey, edges: &'a [Edge]) -> Grouped<'a> {
    let mut pairs = Grouped::new();
    for edge in edges {
        let pair = (survey.files[edge.from].path.as_str(), survey.files[edge.to].path.as_str());
        pairs.entry(pair).or_default().entry(edge.path.as_str()).or_default().push(edge.line.to_string());
    }
    pairs
}

/// The uses between rooms of the same crate, each with the number of its lines.
pub fn between_rooms(survey: &Survey) -> Vec<String> {
    let mut pairs: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
    for edge in &survey.edges {
        let (from, to) = (&survey.files[edge.from], &survey.files[edge.to]);
        if let (Some(krate), Some(other)) = (from.krate, to.krate)
            && krate == other
            && krate.product
            && from.room != to.room
        {
            *pairs.entry((krate.name, &from.room, &to.room)).or_default() += 1;
        }
    }
    pairs.iter().map(|((krate, from, to), count)| format!("{krate}/{from} -> {krate}/{to}: {count}")).collect()
}

fn circles_of(survey: &Survey, level: Level, included: impl Fn(&Survey, usize) -> bool) -> Vec<Circle> {
    let node = |file: usize| {
        let file = &survey.files[file];
        match level {
            Level::Files => file.path.clone(),
            Level::Rooms => format!("{}/{}", file.krate.map_or("", |krate| krate.name), file.room),
        }
    };
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let edges: Vec<&Edge> = survey.edges.iter().filter(|edge| included(survey, edge.from) && included(survey, edge.to)).collect();
    for edge in &edges {
        let (from, to) = (node(edge.from), node(edge.to));
        graph.entry(to.clone()).or_default();
        graph.entry(from.clone()).or_default();
        if from != to {
            graph.entry(from).or_default().insert(to);
        }
    }
    let parts = connected_parts(&graph).into_iter().filter(|part| part.len() > 1);
    let mut circles: Vec<Circle> = parts
        .map(|members| {
            let within = |file: usize| members.binary_search(&node(file)).is_ok();
            let between = edges.iter().filter(|edge| within(edge.from) && within(edge.to) && node(edge.from) != node(edge.to));
            Circle { edges: between.map(|edge| (*edge).clone()).collect(), members }
        })
        .collect();
    circles.sort_by_key(|circle| (std::cmp::Reverse(circle.members.len()), circle.members.clone()));
    circles
}

/// The strongly connected parts of a graph, each sorted, by Tarjan's algorithm.
fn connected_parts(graph: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    let mut search = Search::new(graph);
    for node in graph.keys() {
        if !search.order.contains_key(node.as_str()) {
            search.visit(node);
        }
    }
    search.parts
}

struct Search<'a> {
    graph: &'a BTreeMap<String, BTreeSet<String>>,
    /// When a node was met first.
    order: BTreeMap<&'a str, usize>,
    /// The earliest node on the stack that a node reaches.
    lowest: BTreeMap<&'a str, usize>,
    stack: Vec<&'a str>,
    parts: Vec<Vec<String>>,
}

impl<'a> Search<'a> {
    fn new(graph: &'a BTreeMap<String, BTreeSet<String>>) -> Self {
        Self { graph, order: BTreeMap::new(), lowest: BTreeMap::new(), stack: Vec::new(), parts: Vec::new() }
    }

    fn visit(&mut self, node: &'a str) {
        let number = self.order.len();
        self.order.insert(node, number);
        self.lowest.insert(node, number);
        self.stack.push(node);
        for next in &self.graph[node] {
            let reached = match self.order.get(next.as_str()) {
                None => {
                    self.visit(next);
                    self.lowest[next.as_str()]
                }
                Some(order) if self.stack.contains(&next.as_str()) => *order,
                Some(_) => continue,
            };
            if let Some(lowest) = self.lowest.get_mut(node) {
                *lowest = reached.min(*lowest);
            }
        }
        if self.lowest[node] == number {
            let first = self.stack.iter().position(|member| *member == node).unwrap_or(0);
            let mut part: Vec<String> = self.stack.split_off(first).into_iter().map(str::to_owned).collect();
            part.sort();
            self.parts.push(part);
        }
    }
}
