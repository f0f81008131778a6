//! Whether an answer is what the API's description says: its status, its media type, and every member of its body.

use serde_json::Value;
use testkit::Provider;
use testkit::http::Answer;

/// The description, as the server gives it.
pub(super) struct Described(Value);

impl Described {
    pub(super) async fn of(provider: &Provider) -> Self {
        let answer = provider.get("/api/v1/openapi.json").await.unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let document = answer.json();
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], provider.issuer());
        Self(document)
    }

    /// The operation a path is about.
    fn operation(&self, method: &str, path: &str) -> &Value {
        let path = path.split('?').next().unwrap();
        let fits = |pattern: &str| {
            let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
            let same = |(a, b): (&&str, &&str)| a == b || a.starts_with('{');
            pattern.len() == path.len() && pattern.iter().zip(&path).all(same)
        };
        let all = self.0["paths"].as_object().unwrap();
        let exact = all.get(path).or_else(|| all.iter().find(|(pattern, _)| fits(pattern)).map(|(_, found)| found));
        &exact.unwrap_or_else(|| panic!("{path} is not described"))[method]
    }

    /// Fails where an answer is not as described.
    pub(super) fn holds(&self, method: &str, path: &str, answer: &Answer) {
        let operation = self.operation(method, path);
        let described = &operation["responses"][answer.status.to_string()];
        assert!(described.is_object(), "{method} {path}: {} is not described: {}", answer.status, answer.body);
        let kind = answer.header("content-type").unwrap_or_default();
        let Some(content) = described["content"].as_object() else { return };
        let bare = kind.split(';').next().unwrap();
        let schema = &content.get(bare).unwrap_or_else(|| panic!("{path}: {bare} is not described"))["schema"];
        if bare.ends_with("json") && bare != "application/x-ndjson" {
            self.fits(schema, &answer.json(), path);
        }
    }

    /// One line of an export.
    pub(super) fn is_notice(&self, line: &Value) {
        self.fits(&self.0["components"]["schemas"]["Notice"], line, "a line of an export");
    }

    fn fits(&self, schema: &Value, value: &Value, place: &str) {
        if let Some(to) = schema["$ref"].as_str() {
            let found = self.0.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere"));
            return self.fits(found, value, place);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let members = self.members(schema);
            for name in value.as_object().unwrap().keys() {
                assert!(members.contains(name), "{place}: {name} is not described");
            }
            return parts.iter().for_each(|part| self.needs(part, value, place));
        }
        if let Some(ways) = schema["oneOf"].as_array() {
            let nothing = ways.iter().any(|way| way["type"] == "null");
            if value.is_null() {
                return assert!(nothing, "{place} is null");
            }
            let way = ways.iter().find(|way| way["type"] != "null").unwrap();
            return self.fits(way, value, place);
        }
        Self::is_of_type(schema, value, place);
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{place}: {value} is none of {words:?}");
        }
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            for value in values {
                self.fits(items, value, &format!("{place}[]"));
            }
        }
        if let (Some(properties), Some(members)) = (schema["properties"].as_object(), value.as_object()) {
            for name in members.keys() {
                assert!(properties.contains_key(name), "{place}: {name} is not described");
            }
            self.needs(schema, value, place);
        }
    }

    /// What must be there is, and what is there fits.
    fn needs(&self, schema: &Value, value: &Value, place: &str) {
        if let Some(to) = schema["$ref"].as_str() {
            return self.needs(self.0.pointer(to.trim_start_matches('#')).unwrap(), value, place);
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return parts.iter().for_each(|part| self.needs(part, value, place));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            assert!(value.get(name.as_str().unwrap()).is_some(), "{place}: {name} is missing in {value}");
        }
        for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(value) = value.get(name) {
                self.fits(schema, value, &format!("{place}.{name}"));
            }
        }
    }

    /// Every member a schema of several parts has.
    fn members(&self, schema: &Value) -> Vec<String> {
        if let Some(to) = schema["$ref"].as_str() {
            return self.members(self.0.pointer(to.trim_start_matches('#')).unwrap());
        }
        let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone());
        own.chain(schema["allOf"].as_array().into_iter().flatten().flat_map(|part| self.members(part))).collect()
    }

    fn is_of_type(schema: &Value, value: &Value, place: &str) {
        let types: Vec<&str> = match &schema["type"] {
            Value::String(one) => vec![one],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => return,
        };
        let is = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "integer",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        assert!(types.contains(&is), "{place} is {is}, not {types:?}: {value}");
        if schema["format"] == "date-time" && is == "string" {
            assert!(value.as_str().unwrap().ends_with('Z'), "{place}: {value}");
        }
    }
}
