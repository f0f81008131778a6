//! A browser small enough to read: HTTP/1.1, redirects, forms, and a cookie jar that ignores ports as real ones do.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use url::Url;

#[derive(Default)]
pub(super) struct Browser {
    /// By host and name.
    cookies: BTreeMap<(String, String), String>,
    /// Every address that was visited, in order.
    pub(super) visited: Vec<String>,
}

pub(super) struct Page {
    pub(super) url: Url,
    pub(super) status: u16,
    pub(super) body: String,
}

impl Browser {
    pub(super) fn open(&mut self, url: &str) -> Page {
        self.go("GET", Url::parse(url).unwrap(), "")
    }

    /// Submits the form that holds `mark`, with these fields beside its hidden ones.
    pub(super) fn submit(&mut self, page: &Page, mark: &str, fields: &[(&str, &str)]) -> Page {
        let form = page.body.split("<form").skip(1).find(|form| form.split("</form>").next().unwrap().contains(mark));
        let form = form.unwrap_or_else(|| panic!("no form with {mark} at {}:\n{}", page.url, page.body));
        let form = form.split("</form>").next().unwrap();
        let action = attribute(form.split('>').next().unwrap(), "action").unwrap_or_default();
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for input in form.split("<input").skip(1).map(|input| input.split('>').next().unwrap()) {
            if attribute(input, "type").as_deref() == Some("hidden") {
                query.append_pair(&attribute(input, "name").unwrap(), &attribute(input, "value").unwrap());
            }
        }
        for (name, value) in fields {
            query.append_pair(name, value);
        }
        self.go("POST", page.url.join(&action).unwrap(), &query.finish())
    }

    fn go(&mut self, method: &str, url: Url, body: &str) -> Page {
        let (mut url, mut method, mut body) = (url, method, body);
        for _ in 0..12 {
            self.visited.push(url.to_string());
            let (status, headers, text) = self.exchange(method, &url, body);
            let Some(location) = headers.iter().find(|(name, _)| name == "location") else {
                return Page { url, status, body: text };
            };
            url = url.join(&location.1).unwrap();
            (method, body) = ("GET", "");
        }
        panic!("redirects without end: {:#?}", self.visited);
    }

    fn exchange(&mut self, method: &str, url: &Url, body: &str) -> (u16, Vec<(String, String)>, String) {
        let host = url.host_str().unwrap();
        let (port, origin) = (url.port().unwrap(), url.origin().ascii_serialization());
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .filter(|((of, _), _)| of == host)
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n");
        if !cookies.is_empty() {
            write!(head, "Cookie: {}\r\n", cookies.join("; ")).unwrap();
        }
        if method == "POST" {
            let length = body.len();
            write!(
                head,
                "Origin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            )
            .unwrap();
        }
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, text) = answer.split_once("\r\n\r\n").unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> =
            lines.filter_map(|l| l.split_once(": ")).map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned())).collect();
        for (_, line) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let key = (host.to_owned(), name.to_owned());
            match value.is_empty() || line.contains("Max-Age=0") {
                true => self.cookies.remove(&key),
                false => self.cookies.insert(key, value.to_owned()),
            };
        }
        (status, headers, text.to_owned())
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&amp;", "&").replace("&#34;", "\"").replace("&#60;", "<"))
}
