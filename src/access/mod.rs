//! Who may call the service, and how much: certificates, keys, tokens, rates.
//!
//! | file | what it does |
//! |---|---|
//! | `settings` | what an operator may set, and how its faults are told |
//! | `tls` | the server's certificate, and whose certificates it takes |
//! | `door` | connections, and their handshakes |
//! | `certificate`, `keys`, `token` | the three ways to be known |
//! | `names` | lists of those who are let in |
//! | `identity` | from what a caller shows to its name |
//! | `rate` | how much each caller may have judged |
//!
//! A certificate is verified in the handshake: none (where there is no other way to be known),
//! expired, revoked, or signed by somebody else, and there is no connection. A good certificate with
//! a name that is not on the list gets its answer call by call, as the caller is known by then. Keys
//! and tokens are verified with every call, so that one that is taken away is of no use at once; a
//! certificate that is taken away is of use until its connection ends.
//!
//! Files are read when the service starts and by [`Access::reload`]. A broken one leaves in force what
//! was read before.

mod certificate;
mod door;
mod identity;
mod keys;
mod names;
mod rate;
mod settings;
mod tls;
mod token;

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use http::HeaderMap;
use rustls::ServerConfig;

pub use self::door::{Wire, incoming};
pub use self::identity::{Denial, How, Identity, Peer, Refusal};
pub use self::rate::{OverRate, Unit};
pub use self::settings::{
    AccessSettings, CallerRates, RateSettings, Require, SettingFault, SettingFaults, Settings,
    TlsSettings,
};

use self::identity::Ways;
use self::keys::ApiKeys;
use self::names::Allowed;
use self::rate::Rates;
use self::tls::Clients;
use self::token::{Demands, Tokens};

const API_KEYS: &str = "serve.access.api_keys";
const JWKS: &str = "serve.access.jwks";

/// Who may call, as the operator has set it. The default lets in everybody, without bounds.
pub struct Access {
    settings: Settings,
    allowed_names: Allowed,
    demands: Option<Arc<Demands>>,
    /// What the files said when they were last read and whole.
    tls: Current<ServerConfig>,
    keys: Current<ApiKeys>,
    tokens: Current<Tokens>,
    rates: Rates,
}

/// What can be replaced while it is used.
type Current<T> = RwLock<Option<Arc<T>>>;

fn current<T>(place: &Current<T>) -> Option<Arc<T>> {
    place.read().unwrap_or_else(PoisonError::into_inner).clone()
}

fn replace<T>(place: &Current<T>, value: Option<Option<Arc<T>>>) {
    if let Some(value) = value {
        *place.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

impl Access {
    /// Reads the files that the settings name. All that is wrong is told together.
    pub fn open(settings: Settings) -> Result<Self, SettingFaults> {
        let mut faults = SettingFaults::default();
        let allowed = Allowed::of("serve.tls.allowed_names", &settings.tls.allowed_names);
        let allowed_names = faults.keep(allowed.map_err(SettingFaults));
        let demands = faults.keep(demands(&settings.access));
        let rates = faults.keep(Rates::of(&settings.rates).map_err(SettingFaults));
        let tls = faults.keep(tls::configuration(&settings.tls, clients(&settings)));
        let keys = faults.keep_one(read_keys(&settings.access));
        let (mut opened, mut tokens) = (None, None);
        if let Some(demands) = demands {
            tokens = faults.keep_one(read_tokens(&settings.access, demands.as_ref()));
            opened = Some(demands);
        }
        faults.0.extend(too_few_ways(&settings));
        let access = (|| {
            Some(Self {
                allowed_names: allowed_names?,
                demands: opened?,
                tls: RwLock::new(tls?),
                keys: RwLock::new(keys?),
                tokens: RwLock::new(tokens?),
                rates: rates?,
                settings,
            })
        })();
        faults.none_or(access)
    }

    /// Reads the files again. Each that is whole is in force for new handshakes and calls when this
    /// returns; each that is broken leaves in force what it said before, and is told.
    pub fn reload(&self) -> Result<(), SettingFaults> {
        let mut faults = SettingFaults::default();
        let settings = &self.settings;
        replace(&self.tls, faults.keep(tls::configuration(&settings.tls, clients(settings))));
        replace(&self.keys, faults.keep_one(read_keys(&settings.access)));
        let tokens = read_tokens(&settings.access, self.demands.as_ref());
        replace(&self.tokens, faults.keep_one(tokens));
        faults.none_or(Some(()))
    }

    /// Whether the service may listen there: beyond this machine only with TLS, or where the operator
    /// says that something else protects it.
    pub fn may_listen(&self, at: SocketAddr) -> Result<(), SettingFault> {
        if at.ip().to_canonical().is_loopback() || self.settings.insecure || self.tls().is_some() {
            return Ok(());
        }
        let what = format!(
            "{at} can be reached from other machines, and whatever is sent there could be read on \
             the way: set serve.tls.certificate and serve.tls.key (--tls-certificate, --tls-key), \
             listen on 127.0.0.1, or say --insecure where something else (a mesh, a proxy, a \
             private network) protects it"
        );
        Err(SettingFault::of("serve.listen", what))
    }

    /// Whether the description of the service is told to callers at `at`.
    pub fn reflection(&self, at: SocketAddr) -> bool {
        let to_anybody = !self.knows_callers() && !at.ip().to_canonical().is_loopback();
        self.settings.access.reflection.unwrap_or(!to_anybody)
    }

    /// Whether callers must be known.
    pub fn knows_callers(&self) -> bool {
        let Settings { tls, access, .. } = &self.settings;
        tls.client_ca.is_some() || access.api_keys.is_some() || access.jwks.is_some()
    }

    /// Who calls over a connection with that head.
    pub fn identify(&self, peer: &Peer, headers: &HeaderMap) -> Result<Identity, Refusal> {
        let ways = Ways {
            certificates: self.settings.tls.client_ca.is_some().then_some(&self.allowed_names),
            keys: current(&self.keys),
            tokens: current(&self.tokens),
            require: self.settings.access.require.unwrap_or_default(),
        };
        ways.decide(peer, headers)
    }

    /// Books so much on the caller's share, or says when there will be room for it.
    pub fn charge(
        &self,
        caller: &Identity,
        amount: (Unit, u64),
        now: Instant,
    ) -> Result<(), OverRate> {
        self.rates.charge(caller, amount, now)
    }

    /// TLS for the next handshake; `None` where connections are plain.
    fn tls(&self) -> Option<Arc<ServerConfig>> {
        current(&self.tls)
    }
}

impl Default for Access {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            allowed_names: Allowed::default(),
            demands: None,
            tls: RwLock::default(),
            keys: RwLock::default(),
            tokens: RwLock::default(),
            rates: Rates::none(),
        }
    }
}

/// By the settings alone.
impl PartialEq for Access {
    fn eq(&self, other: &Self) -> bool {
        self.settings == other.settings
    }
}

impl Eq for Access {}

/// The settings, which hold no secret.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Access").field(&self.settings).finish()
    }
}

/// A certificate is a must where it is the only way to be known, or one of those that are all needed.
fn clients(settings: &Settings) -> Clients {
    let Settings { access, .. } = settings;
    let only = access.api_keys.is_none() && access.jwks.is_none();
    if only || access.require == Some(Require::All) { Clients::Must } else { Clients::May }
}

/// To require all of one way, or of none, is not what anybody means.
fn too_few_ways(settings: &Settings) -> Option<SettingFault> {
    let Settings { tls, access, .. } = settings;
    let ways = [&tls.client_ca, &access.api_keys, &access.jwks];
    let set = ways.iter().filter(|way| way.is_some()).count();
    let what = "\"all\" needs two of serve.tls.client_ca, serve.access.api_keys and \
                serve.access.jwks";
    let fault = || SettingFault::of("serve.access.require", what);
    (access.require == Some(Require::All) && set < 2).then(fault)
}

/// What tokens must be; `None` where none are taken.
fn demands(access: &AccessSettings) -> Result<Option<Arc<Demands>>, SettingFaults> {
    let mut faults = SettingFaults::default();
    let AccessSettings { issuer, audience, identity_claim, .. } = access;
    let subjects = "serve.access.allowed_subjects";
    let allowed = Allowed::of(subjects, &access.allowed_subjects);
    let allowed = faults.keep(allowed.map_err(SettingFaults)).unwrap_or_default();
    let told = [
        ("serve.access.issuer", issuer.is_some()),
        ("serve.access.audience", audience.is_some()),
        ("serve.access.identity_claim", identity_claim.is_some()),
        (subjects, !access.allowed_subjects.is_empty()),
    ];
    if access.jwks.is_none() {
        let set = told.into_iter().filter(|(_, set)| *set);
        let what = format!("says nothing without {JWKS}");
        faults.0.extend(set.map(|(key, _)| SettingFault::of(key, what.clone())));
        return faults.none_or(Some(None));
    }
    // Without them a token for anybody else would do.
    let missing = told.into_iter().take(2).filter(|(_, set)| !set);
    faults.0.extend(missing.map(|(key, _)| SettingFault::of(key, format!("is needed by {JWKS}"))));
    let demands = Demands {
        issuer: issuer.clone().unwrap_or_default(),
        audience: audience.clone().unwrap_or_default(),
        identity_claim: identity_claim.clone().unwrap_or_else(|| "sub".to_owned()),
        allowed,
    };
    faults.none_or(Some(Some(Arc::new(demands))))
}

/// What `parse` makes of a file; `None` where no file is named.
fn parsed<T>(
    key: &'static str,
    file: Option<&Path>,
    parse: impl FnOnce(&[u8]) -> Result<T, String>,
) -> Result<Option<Arc<T>>, SettingFault> {
    let Some(file) = file else {
        return Ok(None);
    };
    let parsed = parse(&settings::read(key, file)?);
    parsed.map(|it| Some(Arc::new(it))).map_err(|what| SettingFault::in_file(key, file, what))
}

fn read_keys(access: &AccessSettings) -> Result<Option<Arc<ApiKeys>>, SettingFault> {
    parsed(API_KEYS, access.api_keys.as_deref(), ApiKeys::read)
}

fn read_tokens(
    access: &AccessSettings,
    demands: Option<&Arc<Demands>>,
) -> Result<Option<Arc<Tokens>>, SettingFault> {
    let Some(demands) = demands else {
        return Ok(None);
    };
    parsed(JWKS, access.jwks.as_deref(), |text| Tokens::read(text, demands))
}
