//! Forms, read out of a page as a browser without scripts reads them.
//!
//! Invariant: what a person could not press or type is not in here.

/// A form.
#[derive(Clone, Debug, Default)]
pub struct Form {
    /// Its `id`.
    pub id: String,
    /// Where it goes, as written.
    pub action: String,
    /// `get` or `post`.
    pub method: String,
    /// Names and values of inputs; boxes that are not checked are left out.
    pub fields: Vec<(String, String)>,
    /// Names and values of buttons.
    pub buttons: Vec<(String, String)>,
}

impl Form {
    /// With a field typed into, or a box checked.
    #[must_use]
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With the button of that name pressed.
    ///
    /// # Panics
    /// If there is no such button.
    #[must_use]
    pub fn press(self, name: &str) -> Self {
        let value = self.buttons.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let value = value.unwrap_or_else(|| panic!("form {} has no button {name}: {:?}", self.id, self.buttons));
        self.fill(name, &value)
    }

    /// With the button of that name and value pressed.
    ///
    /// # Panics
    /// If there is no such button.
    #[must_use]
    pub fn press_value(self, name: &str, value: &str) -> Self {
        let there = self.buttons.iter().any(|(n, v)| n == name && v == value);
        assert!(there, "form {} has no button {name}={value}: {:?}", self.id, self.buttons);
        self.fill(name, value)
    }

    /// A field's value.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

/// The forms of a page.
pub fn forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut inside = false;
    for tag in tags(page) {
        let get = |name: &str| attribute(&tag, name);
        match tag.split([' ', '\n', '\t']).next().unwrap_or_default() {
            "form" => {
                inside = true;
                forms.push(Form {
                    id: get("id").unwrap_or_default(),
                    action: get("action").unwrap_or_default(),
                    method: get("method").unwrap_or_else(|| "get".into()),
                    ..Form::default()
                });
            }
            "/form" => inside = false,
            name @ ("input" | "button") if inside => {
                let Some(form) = forms.last_mut() else { continue };
                let Some(field) = get("name") else { continue };
                let kind = get("type").unwrap_or_default();
                let value = get("value").unwrap_or_default();
                match (name, kind.as_str()) {
                    ("button", _) | (_, "submit") => form.buttons.push((field, value)),
                    (_, "checkbox" | "radio") if get("checked").is_none() => {}
                    _ => form.fields.push((field, value)),
                }
            }
            _ => {}
        }
    }
    forms
}

/// The insides of tags. A `>` inside a quoted value does not end one.
fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let mut quoted = false;
        let end = rest.find(|c| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let Some(end) = end else { break };
        tags.push(rest[..end].to_owned());
        rest = &rest[end + 1..];
    }
    tags
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let mut rest = tag.split_once([' ', '\n', '\t'])?.1.trim_start();
    while !rest.is_empty() {
        let end = rest.find(|c: char| c == '=' || c.is_whitespace()).unwrap_or(rest.len());
        let (found, after) = (&rest[..end], &rest[end..]);
        let (value, next) = match after.strip_prefix("=\"") {
            Some(quoted) => quoted.split_once('"')?,
            None => ("", after.trim_start_matches('=')),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(decode(value));
        }
        rest = next.trim_start();
    }
    None
}

/// Text with its character references resolved: numeric ones and the five of XML.
pub fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find(';').filter(|end| *end < 10) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let number = rest[1..end].strip_prefix('#').and_then(|n| match n.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => n.parse().ok(),
        });
        let named = match &rest[1..end] {
            "amp" => Some('&'),
            "lt" => Some('<'),
            "gt" => Some('>'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => number.and_then(char::from_u32),
        };
        let (c, after) = named.map_or(('&', 1), |c| (c, end + 1));
        out.push(c);
        rest = &rest[after..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::forms;

    #[test]
    fn a_form_is_read() {
        let page = r#"<p>a < b</p><form method="post" action="/x?a=1&amp;b=2" id="f"><input type="hidden" name="h" value="&#34;&gt;">
            <input name=bare value="1" required><input type="checkbox" name="c" value="1"><button name="go" value="1" type="submit">go</button></form>"#;
        let all = forms(page.split_once("</p>").unwrap().1);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].action.as_str(), all[0].method.as_str()), ("/x?a=1&b=2", "post"));
        assert_eq!(all[0].field("h"), Some("\">"));
        assert_eq!(all[0].field("c"), None);
        assert_eq!(all[0].clone().press("go").field("go"), Some("1"));
    }
}
