//! A browser without scripts: cookies, redirects, forms.
//!
//! Invariant: it sends what a browser would send, for the reason a browser would have.

use url::Url;

use crate::html::{self, Form};
use crate::http::{Answer, Question, Wire};
use crate::jar::{Errand, Jar};
use crate::provider::Provider;

/// More hops than this are a loop.
const HOPS: usize = 12;

/// A person's browser.
#[derive(Clone, Debug, Default)]
pub struct Browser {
    /// Its cookies.
    pub jar: Jar,
    /// What it prefers.
    pub language: Option<String>,
    /// The address a trusted proxy says it comes from.
    pub address: Option<String>,
    /// It goes no further than to the door of an address that begins like this: the page is then the redirect itself.
    pub stops_at: Option<String>,
    wires: Vec<Wire>,
}

/// A page, and where it is.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its address.
    pub url: Url,
    /// What was answered.
    pub answer: Answer,
    /// Every address on the way, this one last.
    pub way: Vec<String>,
}

impl Page {
    /// A form by its id.
    ///
    /// # Panics
    /// If there is none.
    pub fn form(&self, id: &str) -> Form {
        let all = html::forms(&self.answer.body);
        let found = all.into_iter().find(|form| form.id == id);
        found.unwrap_or_else(|| panic!("no form {id} at {} ({}): {}", self.url, self.answer.status, self.answer.body))
    }

    /// Every form.
    pub fn forms(&self) -> Vec<Form> {
        html::forms(&self.answer.body)
    }

    /// Whether there is a form of that id.
    pub fn has_form(&self, id: &str) -> bool {
        self.forms().iter().any(|form| form.id == id)
    }

    /// A parameter of its address.
    pub fn parameter(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }

    /// Whether its text says so.
    pub fn says(&self, words: &str) -> bool {
        html::decode(&self.answer.body).contains(words)
    }
}

impl Browser {
    /// A fresh one.
    pub fn new(provider: &Provider) -> Self {
        Self { wires: provider.wires(), ..Self::default() }
    }

    /// The same person's browser at another node of the same provider.
    pub fn use_node(&mut self, provider: &Provider) {
        self.wires = provider.wires();
    }

    /// Opens an address as if typed, following redirects.
    pub async fn open(&mut self, url: &str) -> Page {
        self.go(Question::get(url), Errand::SameSite).await
    }

    /// Follows a link of another site.
    pub async fn open_from_elsewhere(&mut self, url: &str) -> Page {
        self.go(Question::get(url), Errand::CrossSiteLink).await
    }

    /// Submits a form of a page.
    pub async fn submit(&mut self, page: &Page, form: &Form) -> Page {
        self.submit_as(page, form, Errand::SameSite).await
    }

    /// Submits a form as if it stood on a page of another site.
    pub async fn submit_from_elsewhere(&mut self, page: &Page, form: &Form) -> Page {
        self.submit_as(page, form, Errand::CrossSitePost).await
    }

    /// Submits a form; an error if nobody answered on the way.
    pub async fn try_submit(&mut self, page: &Page, form: &Form) -> Result<Page, String> {
        self.try_go(posted(page, form), Errand::SameSite).await
    }

    async fn submit_as(&mut self, page: &Page, form: &Form, errand: Errand) -> Page {
        self.go(posted(page, form), errand).await
    }

    /// A page of another site posts fields to an address.
    pub async fn post_from_elsewhere(&mut self, url: &str, fields: &[(&str, &str)]) -> Page {
        self.go(Question::post(url, fields), Errand::CrossSitePost).await
    }

    /// One exchange, no redirect followed; an error if nobody answered.
    pub async fn step(&mut self, mut question: Question, errand: Errand) -> Result<Answer, String> {
        let url = question.url.clone();
        if let Some(line) = self.jar.line(&url, errand) {
            question = question.header("cookie", &line);
        }
        if let Some(language) = &self.language {
            question = question.header("accept-language", language);
        }
        if let Some(address) = &self.address {
            question = question.header("x-forwarded-for", address);
        }
        let question = question.header("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0");
        let answer = question.send(&self.wires).await?;
        for line in answer.headers.get_all("set-cookie") {
            self.jar.take(&url, line.to_str().expect("a cookie is text"));
        }
        Ok(answer)
    }

    async fn go(&mut self, question: Question, errand: Errand) -> Page {
        self.try_go(question, errand).await.unwrap_or_else(|problem| panic!("{problem}"))
    }

    /// Goes somewhere, following redirects; an error if nobody answered on the way.
    pub async fn try_go(&mut self, question: Question, errand: Errand) -> Result<Page, String> {
        let (mut question, mut errand) = (question, errand);
        let mut way = Vec::new();
        for _ in 0..HOPS {
            let url = question.url.clone();
            way.push(url.to_string());
            let answer = self.step(question, errand).await;
            let answer = answer.map_err(|error| format!("nobody answered at {url}: {error}"))?;
            let next = answer.header("location").filter(|_| (300..400).contains(&answer.status)).map(str::to_owned);
            let Some(next) = next else {
                return Ok(Page { url, answer, way });
            };
            let next = url.join(&next).expect("a redirect leads to an address");
            if self.stops_at.as_ref().is_some_and(|door| next.as_str().starts_with(door)) {
                way.push(next.to_string());
                return Ok(Page { url: next, answer, way });
            }
            // A redirect is a GET here: the server answers with 303 alone. Its errand stays that of the first request.
            question = Question::get(next.as_str());
            if errand == Errand::CrossSitePost {
                errand = Errand::CrossSiteLink;
            }
        }
        Err(format!("redirected in a circle: {way:#?}"))
    }

    /// Types a username and password into the sign-in page.
    pub async fn sign_in(&mut self, page: &Page, username: &str, password: &str) -> Page {
        let form = page.form("login-form").fill("username", username).fill("password", password).press("login");
        self.submit(page, &form).await
    }

    /// Says yes on the consent page.
    pub async fn allow(&mut self, page: &Page) -> Page {
        self.submit(page, &page.form("consent-form").press("allow")).await
    }

    /// Signs in and says yes, whatever of it is asked.
    pub async fn through(&mut self, page: Page, username: &str, password: &str) -> Page {
        let mut page = page;
        if page.has_form("login-form") {
            page = self.sign_in(&page, username, password).await;
        }
        if page.has_form("consent-form") {
            page = self.allow(&page).await;
        }
        page
    }

    /// What a URL without cookies answers, through this browser's wires.
    pub async fn plain(&self, url: &str) -> Answer {
        Question::get(url).send(&self.wires).await.expect("somebody answers")
    }
}

fn posted(page: &Page, form: &Form) -> Question {
    let action = page.url.join(&form.action).expect("a form's action is an address");
    let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(form.method.to_ascii_lowercase(), "post", "every form here is a POST");
    Question::post(action.as_str(), &fields)
}
