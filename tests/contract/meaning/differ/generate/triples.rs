//! Bodies in Turtle and N-Quads.

use super::wild::DATATYPES;
use super::{Generator, HYDRA, Kind, Subject};

const XSD: &str = "http://www.w3.org/2001/XMLSchema#";
const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";

impl Generator<'_> {
    /// Returns a body in Turtle.
    pub fn turtle(&mut self) -> String {
        self.plain = true;
        let mut text = format!(
            "@prefix v: <{}/> .\nPREFIX xsd: <{XSD}>\n@prefix h: <{HYDRA}> .\n",
            self.class_iri()
        );
        match self.random.below(12) {
            0 => text += "@base <../> .\n",
            1 => text.extend(["BASE <", &self.aim.address(), ">\n"]),
            // The last one counts.
            2 => text.extend([
                "@prefix v: <urn:x:v#> .
PREFIX v: </vocab#",
                self.aim.class,
                "/>
",
            ]),
            _ => {}
        }
        let wild = self.one_in(4);
        let count = if wild { 1 + self.random.below(4) } else { 1 };
        for _ in 0..count {
            text += &self.statement(wild);
        }
        text
    }

    fn statement(&mut self, wild: bool) -> String {
        if wild {
            let subject = self.resource();
            return format!("{subject} {} .\n", self.said_of(true));
        }
        if self.aim.subject == Subject::There {
            let subject = if self.one_in(4) { "[]".into() } else { format!("<{}>", self.here()) };
            return format!("{subject} {} .\n", self.said_of(false));
        }
        let refers = self.aim.subject == Subject::References;
        let members: Vec<String> = (0..self.random.below(3) + usize::from(!refers))
            .map(|_| match refers {
                true => format!("<{}>", self.other()),
                false => format!("[ {} ]", self.said_of(false)),
            })
            .collect();
        match (self.random.below(3), members.is_empty()) {
            (0 | 1, false) => format!("[] h:member {} .\n", members.join(", ")),
            _ => format!("_:c a h:Collection ; h:member ({}) .\n", members.join(" ")),
        }
    }

    /// Returns predicates and their objects.
    fn said_of(&mut self, wild: bool) -> String {
        let mut text = String::new();
        for at in 0..=self.random.below(3) {
            text += if at == 0 { "" } else { " ;\n  " };
            let (term, kind) = self.own();
            if wild || self.one_in(6) {
                text += &self.predicate();
                text += " ";
                text += &self.object(0);
                continue;
            }
            let predicate = match self.random.below(3) {
                0 => format!("<{}>", self.term_iri(term)),
                1 => format!("</vocab#{}/{term}>", self.aim.class),
                _ => format!("v:{term}"),
            };
            let many = matches!(kind, Kind::Texts | Kind::Links);
            let objects: Vec<String> = (0..if many { 1 + self.random.below(3) } else { 1 })
                .map(|_| self.fitting(kind))
                .collect();
            let objects = match (many, self.random.below(4)) {
                (true, 0) => format!(" ({})", objects.join(" ")),
                (true, 1) => " ()".into(),
                _ => format!(" {}", objects.join(", ")),
            };
            text.extend([predicate, objects]);
        }
        text
    }

    /// Returns an object that a term of this kind can have.
    fn fitting(&mut self, kind: Kind) -> String {
        match kind {
            Kind::Link | Kind::Links => format!("<{}>", self.other()),
            Kind::Number => self
                .random
                .one_of(&["0", "-1", "400", "+7", "\"0\"^^xsd:int", "\" 7 \"^^xsd:integer", "5.0"])
                .into(),
            Kind::Text | Kind::Texts => self
                .random
                .one_of(&[
                    "\"text\"",
                    "'x'@en",
                    "\"\"",
                    "\"\"\"one \"two\" three\"\"\"",
                    "\"\\u00fc\\n\"",
                    "'5'^^xsd:string",
                ])
                .into(),
        }
    }

    fn resource(&mut self) -> String {
        match self.random.below(6) {
            0 => "_:b".into(),
            1 => "[]".into(),
            2 => "_:c".into(),
            _ => format!("<{}>", self.name().replace("_:", "urn:")),
        }
    }

    fn predicate(&mut self) -> String {
        let own = self.own_name();
        match self.random.below(8) {
            0 | 1 => "<urn:x:p>".into(),
            2 => "a".into(),
            3 => format!("<{}>", self.term_iri(own)),
            4 => format!("</vocab#{}/{own}>", self.aim.class),
            _ => format!("v:{own}"),
        }
    }

    fn object(&mut self, depth: usize) -> String {
        let some = [
            "0",
            "-1",
            "400",
            "1.5",
            "true",
            "5e0",
            "\"text\"",
            "'x'@en",
            "\"\"\"long \"one\" two\"\"\"",
        ];
        match self.random.below(12) {
            0 => self.resource(),
            1 => format!("<{}>", self.other()),
            2 if depth < 3 => {
                let items: Vec<String> =
                    (0..self.random.below(4)).map(|_| self.object(depth + 1)).collect();
                format!("({})", items.join(" "))
            }
            3 if depth < 3 => format!("[ {} {} ]", self.predicate(), self.object(depth + 1)),
            4 => {
                let datatype = self.random.one_of(&DATATYPES);
                let text = self.random.one_of(&["5", "-1", "0", "true", "x", "1.5", " 7 "]);
                match datatype.strip_prefix("urn:") {
                    Some(_) => format!("\"{text}\"^^<{datatype}>"),
                    None => format!("\"{text}\"^^{datatype}"),
                }
            }
            5 => format!("<{}>", self.name().replace("_:", "urn:")),
            _ => self.random.one_of(&some).to_owned(),
        }
    }

    /// Returns a body in N-Quads, of which some are in graphs.
    pub fn quads(&mut self) -> String {
        self.plain = true;
        let there = self.aim.subject == Subject::There;
        let subject = match (there, self.random.below(4)) {
            (true, 1..) => format!("<{}>", self.aim.address()),
            _ => "_:s".into(),
        };
        let mut lines = Vec::new();
        match self.aim.subject {
            Subject::There => self.lines(&subject, &mut lines),
            subject_kind => {
                let count = self.random.below(3) + usize::from(subject_kind == Subject::Collection);
                for number in 0..count {
                    let refers = subject_kind == Subject::References;
                    let member = match refers {
                        true => format!("<{}>", self.absolute()),
                        false => format!("_:m{number}"),
                    };
                    lines.push(format!("{subject} <{HYDRA}member> {member}"));
                    if !refers {
                        self.lines(&member, &mut lines);
                    }
                }
                if count == 0 {
                    lines.push(format!("{subject} <{HYDRA}member> <{RDF}nil>"));
                }
            }
        }
        let named = self.one_in(8).then(|| self.random.below(lines.len()));
        if self.one_in(4) {
            let graph = if self.one_in(2) { "<urn:x:g>".into() } else { subject.clone() };
            lines.push(format!("<urn:x:s> <urn:x:p> \"x\" {graph}"));
        }
        let mut text = String::new();
        for (number, line) in lines.iter().enumerate() {
            text += line;
            // Said of the subject in a graph of its own, it is not said in the default one.
            text += if named == Some(number) { " <urn:x:g> .\n" } else { " .\n" };
        }
        text
    }

    fn lines(&mut self, subject: &str, lines: &mut Vec<String>) {
        for _ in 0..=self.random.below(3) {
            let (term, kind) = self.own();
            let predicate = if self.one_in(8) { "urn:x:p".into() } else { self.term_iri(term) };
            let object = match kind {
                Kind::Link | Kind::Links => format!("<{}>", self.absolute()),
                Kind::Number => {
                    let datatype =
                        self.random.one_of(&["integer", "int", "nonNegativeInteger", "string"]);
                    let text = self.random.one_of(&["0", "-1", "400", "x"]);
                    format!("\"{text}\"^^<{XSD}{datatype}>")
                }
                Kind::Text | Kind::Texts => self
                    .random
                    .one_of(&["\"text\"", "\"x\"@en", "\"\\u00fc\\n\\\"\"", "\"\""])
                    .into(),
            };
            if matches!(kind, Kind::Texts | Kind::Links) && self.one_in(4) {
                let label = format!("_:l{}", lines.len());
                lines.push(format!("{subject} <{predicate}> {label}"));
                lines.push(format!("{label} <{RDF}first> {object}"));
                lines.push(format!("{label} <{RDF}rest> <{RDF}nil>"));
            } else {
                lines.push(format!("{subject} <{predicate}> {object}"));
            }
        }
    }

    /// Returns a whole address, as N-Quads ask for.
    fn absolute(&mut self) -> String {
        let name = self.other();
        match name.strip_prefix("http") {
            Some(_) => name,
            None => format!("{}/customers/1/roles/one", self.base),
        }
    }
}
