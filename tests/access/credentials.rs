//! Callers known by API keys.

use scanvet::access::{AccessSettings, Settings};

use crate::made::{Desk, key_line};
use crate::{INVALID, Log, MISSING, ask, assert_refused, heads, send, start};

fn key(letter: char) -> String {
    letter.to_string().repeat(44)
}

fn keys(desk: &Desk, lines: &[(&str, char)]) -> Settings {
    let lines: String = lines.iter().map(|(name, letter)| key_line(name, &key(*letter))).collect();
    let api_keys = Some(desk.put("keys.toml", lines));
    heads(AccessSettings { api_keys, ..AccessSettings::default() })
}

#[tokio::test]
async fn a_key_is_taken_from_either_header_and_anything_else_is_refused() {
    let log = Log::here();
    let desk = Desk::new();
    let running = start(keys(&desk, &[("web", 'a'), ("batch", 'b')])).await;
    let channel = running.plain().await;
    let (good, bad) = (key('a'), key('x'));
    ask(&channel, &[("x-api-key", &good)]).await.unwrap();
    ask(&channel, &[("authorization", &format!("Bearer {good}"))]).await.unwrap();
    ask(&channel, &[("authorization", &format!("bearer  {}", key('b')))]).await.unwrap();
    assert_refused(ask(&channel, &[]).await, MISSING.0, MISSING.1);
    let bearer_bad = format!("Bearer {bad}");
    let bearer_good = format!("Bearer {good}");
    let basic = format!("Basic {good}");
    let long = "k".repeat(10_000);
    let attempts: [&[(&'static str, &str)]; 11] = [
        &[("x-api-key", &bad)],
        &[("x-api-key", "")],
        &[("x-api-key", &good[1..])],
        &[("x-api-key", "letmein")],
        &[("x-api-key", &long)],
        &[("authorization", &bearer_bad)],
        &[("authorization", &good)],
        &[("authorization", &basic)],
        &[("authorization", "Bearer")],
        &[("authorization", &bearer_good), ("x-api-key", &good)],
        &[("x-api-key", &good), ("x-api-key", &good)],
    ];
    for attempt in attempts {
        assert_refused(ask(&channel, attempt).await, INVALID.0, INVALID.1);
    }
    // Refused by the head, whatever follows it.
    let large = vec![b'x'; 5_000_000];
    assert_refused(send(&channel, &[("x-api-key", &bad)], &large).await, INVALID.0, INVALID.1);
    for class in ["unknown-key", "too-long", "unknown-scheme", "two-keys", "header-twice"] {
        log.says(&format!("\"{class}\"")).await;
    }
}

#[tokio::test]
async fn a_key_that_is_taken_away_is_of_no_use_at_once_and_a_new_one_is() {
    let desk = Desk::new();
    let running = start(keys(&desk, &[("web", 'a')])).await;
    let channel = running.plain().await;
    let (old, new) = (key('a'), key('n'));
    ask(&channel, &[("x-api-key", &old)]).await.unwrap();
    keys(&desk, &[("web", 'n')]);
    running.access.reload().unwrap();
    assert_refused(ask(&channel, &[("x-api-key", &old)]).await, INVALID.0, INVALID.1);
    ask(&channel, &[("x-api-key", &new)]).await.unwrap();
    let path = desk.put("keys.toml", format!("web = \"{new}\""));
    let fault = running.access.reload().unwrap_err().to_string();
    assert!(fault.starts_with(&format!("serve.access.api_keys: {}: ", path.display())), "{fault}");
    assert!(!fault.contains(&new), "{fault}");
    ask(&channel, &[("x-api-key", &new)]).await.unwrap();
    // A file that has gone lets in nobody new, and everybody whom it has let in.
    std::fs::remove_file(path).unwrap();
    running.access.reload().unwrap_err();
    ask(&channel, &[("x-api-key", &new)]).await.unwrap();
}

#[tokio::test]
async fn nothing_of_a_credential_is_told_to_the_log_or_to_callers() {
    let log = Log::here();
    let desk = Desk::new();
    let secret = format!("CANARY{}", "a".repeat(38));
    let api_keys = Some(desk.put("keys.toml", key_line("web", &secret)));
    let settings = heads(AccessSettings { api_keys, ..AccessSettings::default() });
    let running = start(settings).await;
    let channel = running.plain().await;
    ask(&channel, &[("x-api-key", &secret)]).await.unwrap();
    let before = log.text();
    let canaries = ["CANARY", "CANARY CANARY", "Bearer CANARY.CANARY.CANARY", "Basic CANARY"];
    for header in ["x-api-key", "authorization"] {
        for canary in canaries {
            let status = ask(&channel, &[(header, canary)]).await.unwrap_err();
            let told = format!("{status:?} {:?}", String::from_utf8_lossy(status.details()));
            assert!(!told.contains("CANARY"), "{told}");
        }
    }
    let status = ask(&channel, &[("x-request-id", "CANARY id")]).await.unwrap_err();
    assert!(!format!("{status:?}").contains("CANARY"));
    // Ours are the lines of scanvet; at this level the transport tells its frames, too.
    let text = log.text();
    assert!(text.len() > before.len() && text.contains("\"refused\""), "{text}");
    assert!(text.contains("\"rpc\":\"ListProfiles\",\"reason\":\"CREDENTIALS_MISSING\""), "{text}");
    for line in text.lines().filter(|line| line.contains("\"target\":\"scanvet")) {
        assert!(!line.contains("CANARY"), "{line}");
    }
    let informed =
        text.lines().filter(|line| !line.contains("\"TRACE\"") && !line.contains("\"DEBUG\""));
    for line in informed {
        assert!(!line.contains("CANARY"), "{line}");
    }
}
