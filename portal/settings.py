"""Every setting of Quayside, read from the environment once. docs/operations.md has the table.

Three modes. `production` (when nothing is said) refuses to start unsafely; `local` is one machine over plain
http, as `make demo` runs it; `test` is for the tests.
"""

from __future__ import annotations

import os
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal import backing, env
from portal.kernel.sealing import SealingKey
from portal.logging import log_settings
from portal.safety import SIGNING_SECRETS, Start, refuse_unsafe_start

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = env.path("VAR_DIR", BASE_DIR / "var")

# --- Mode and secrets ---------------------------------------------------------------------------------------

QUAYSIDE_MODE = env.choice("QUAYSIDE_MODE", ("production", "local", "test"), default="production")
PRODUCTION = QUAYSIDE_MODE == "production"
TESTING = QUAYSIDE_MODE == "test"
DEBUG = env.flag("DEBUG")
SECRET_KEY = env.secret("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
# Signs the heads of the audit trail's chain (docs/security/audit-trail.md). Without one, SECRET_KEY does.
AUDIT_SEAL_KEY = env.secret("AUDIT_SEAL_KEY")
AUDIT_SEAL_KEY_FALLBACKS = env.secrets("AUDIT_SEAL_KEY_FALLBACKS")
# What account numbers are sealed with (docs/banking.md): the first key seals, all of them open.
# A process that opens no account number (the scheduler, migrations) starts without the keys, and may not have them.
OPENS_NUMBERS = env.flag("OPENS_NUMBERS", default=True)
_bank_keys = [one.strip() for one in env.secret("BANK_KEYS").split(",") if one.strip()]
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "" if PRODUCTION else "localhost,127.0.0.1,[::1],testserver")

_http = ("http", "https")
_public_url = env.url("PUBLIC_URL", _http, default="http://127.0.0.1:8000")
_database_url = env.url("DATABASE_URL", backing.POSTGRES_SCHEMES)
_owner_url = env.url("DATABASE_OWNER_URL", backing.POSTGRES_SCHEMES)
_broker_url = env.url("BROKER_URL", backing.BROKER_SCHEMES, default="" if PRODUCTION else "memory://")
_cache_url = env.url("CACHE_URL", backing.REDIS_SCHEMES)
_erp_url = env.url("ERP_URL", _http)
_mail_url = env.url("EMAIL_URL", backing.MAIL_SCHEMES, default="" if PRODUCTION else "console:")
assert _public_url is not None  # it has a default

PUBLIC_URL = _public_url.geturl().rstrip("/")

if PRODUCTION:
    refuse_unsafe_start(
        Start(
            secret_key=SECRET_KEY,
            debug=DEBUG,
            allowed_hosts=ALLOWED_HOSTS,
            public_url=_public_url,
            database=_database_url,
            broker=_broker_url,
            cache=_cache_url,
            mail=_mail_url,
            erp=_erp_url,
            erp_in_the_clear=env.flag("ERP_IN_THE_CLEAR"),
            former_keys=SECRET_KEY_FALLBACKS,
            secrets={name: secret for name in SIGNING_SECRETS if (secret := env.secret(name))},
            embedded=env.flag("QUAYSIDE_EMBEDDED"),
            bank_keys=_bank_keys,
            opens_numbers=OPENS_NUMBERS,
        )
    )
if not _bank_keys and OPENS_NUMBERS:  # one machine, or the tests: production has refused by now
    _bank_keys = [b64encode(sha256(b"bank details:" + SECRET_KEY.encode()).digest()).decode()]
BANK_KEYS = tuple(SealingKey.of(one) for one in _bank_keys)

# --- What is installed --------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "portal.kernel.apps.KernelConfig",
    "suppliers",
    "procurement",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "template_partials",
    "csp",
]

MIDDLEWARE = [
    "portal.middleware.PlainHttpMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # before anything is logged or opened
    "portal.middleware.CompressMiddleware",
    "portal.middleware.CorrelationMiddleware",
    "portal.middleware.SecurityEventsMiddleware",
    "portal.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.uploads.UploadLimitMiddleware",  # before anything reads a form, as the check against forgery does
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "suppliers.middleware.SessionSeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "suppliers.middleware.ActorMiddleware",
    "portal.rates.PageRateMiddleware",  # knows who asks, before anything is done for them
    "suppliers.sso.middleware.CameByMiddleware",
    "suppliers.signin.middleware.SignInMiddleware",
    "portal.uploads.ScanUploadsMiddleware",  # knows who acts; no door has opened a transaction yet
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "portal.navigation.building.navigation",
            ],
        },
    }
]

# --- Database, cache, broker --------------------------------------------------------------------------------

# See Note [Owner] in portal/backing.py: tables are changed as their owner, everything else runs as the login.
_address = _owner_url if _owner_url and backing.runs_as_owner() else _database_url
DATABASE_POOLER = env.choice("DATABASE_POOLER", backing.POOLERS, default="none")
DATABASES: dict[str, Any] = (
    {
        "default": backing.database(
            _address,
            pool_size=env.integer("DATABASE_POOL_SIZE", 0),
            statement_timeout=env.integer("DATABASE_STATEMENT_TIMEOUT", 0),
            pooler=DATABASE_POOLER,
        )
    }
    if _address
    else {}
)
_replica_url = env.url("DATABASE_REPLICA_URL", backing.POSTGRES_SCHEMES)
if DATABASES and _replica_url and not TESTING and not backing.runs_as_owner():
    # Exports are read there (portal/kernel/replica.py). They are few: no pool, and more time than a page.
    DATABASES["replica"] = backing.database(
        _replica_url, pool_size=0, statement_timeout=600, pooler=DATABASE_POOLER
    )
    DATABASE_ROUTERS = ["portal.kernel.replica.ReplicaRouter"]
if TESTING and _address:
    # Every run has a database of its own, so that two runs can share a server.
    _run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))[:12]
    DATABASES["default"]["TEST"] = {"NAME": env.text("TEST_DATABASE_NAME", f"test_quayside_{_run}")}
# The tests make their database as the owner and then go on as the login (tests/conftest.py).
DATABASE_OWNER = {"USER": _owner_url.username, "PASSWORD": _owner_url.password} if _owner_url else {}

CACHES = {"default": backing.cache(_cache_url)}

CELERY_BROKER_URL = backing.broker(_broker_url) if _broker_url else ""
CELERY_BROKER_USE_SSL = backing.broker_tls(_broker_url, env.text("BROKER_CA"))
CELERY_BROKER_TRANSPORT_OPTIONS = backing.broker_options(_broker_url)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_BROKER_CONNECTION_TIMEOUT = 3
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"

# --- People and sessions ------------------------------------------------------------------------------------

AUTH_USER_MODEL = "suppliers.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# A list of breached passwords, kept by whoever runs the portal (docs/sign-in.md): a file of SHA-1 hashes.
BREACHED_PASSWORDS = env.text("BREACHED_PASSWORDS")
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "suppliers.signin.passwords.CommonPassword"},
    {
        "NAME": "suppliers.signin.passwords.KnownWords",
        "OPTIONS": {"companies": "procurement.catalogue.queries.names_of_companies"},
    },
    {
        "NAME": "suppliers.signin.passwords.BreachedPassword",
        "OPTIONS": {"path": BREACHED_PASSWORDS},
    },
]
# Tests sign in thousands of times: they may use a cheap hash, nobody else.
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else [
        "django.contrib.auth.hashers.ScryptPasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    ]
)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_ADAPTER = "suppliers.adapters.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "suppliers.signin.forms.AskForPasswordForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation is the proof: there is no open sign-up
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = _public_url.scheme
# How often from one address people may begin to sign in, by password or through a provider: a whole office begins at
# eight behind one. What was wrong is counted more strictly: by address, and by the account that is tried.
SIGN_INS_A_MINUTE = env.integer("SIGN_INS_A_MINUTE", 120, at_least=30)
ACCOUNT_RATE_LIMITS = {
    "login": f"{SIGN_INS_A_MINUTE}/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "reset_password": "10/m/ip,3/10m/key",
    "register": "5/m/ip,30/h/ip,3/10m/key,6/d/key",
    "reset_password_from_key": "10/m/ip",
    "change_password": "5/m/user",
    "reauthenticate": "10/m/user",
}
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False  # a mailbox alone opens nothing
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# For how many days an invitation opens, and after how many an account that nobody uses falls asleep (0: never).
INVITATION_VALID_FOR = timedelta(days=env.integer("INVITATION_VALID_DAYS", 14, at_least=1))
# Whether a company that nobody has invited may ask to become a supplier (docs/registration.md).
SELF_REGISTRATION = env.flag("SELF_REGISTRATION")
# From how alike on, in percent, a supplier’s name and a listed one are shown to a person (docs/screening.md).
SCREENING_THRESHOLD = env.integer("SCREENING_THRESHOLD", 80, at_least=50)
# After how many days a supplier that has not finished its onboarding is reminded; after the last, never again.
ONBOARDING_REMIND_AFTER_DAYS = sorted(int(one) for one in env.words("ONBOARDING_REMIND_AFTER_DAYS", "3,7,14"))
DORMANT_AFTER = timedelta(days=env.integer("DORMANT_AFTER_DAYS", 180))
# For how many hours the old mail address may object to a change, and for how many days an objection locks it.
ADDRESS_WAIT = timedelta(hours=env.integer("ADDRESS_WAIT_HOURS", 24, at_least=1))
ADDRESS_LOCKED_FOR = timedelta(days=env.integer("ADDRESS_LOCKED_DAYS", 7, at_least=1))
USERSESSIONS_TRACK_ACTIVITY = True

# --- Second factors (docs/sign-in.md) -----------------------------------------------------------------------

MFA_ADAPTER = "suppliers.signin.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"  # a passkey is two factors: the device, and who unlocks it
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Quayside"
MFA_FORMS = {
    "authenticate": "suppliers.signin.forms.CodeForm",
    "authenticate_webauthn": "suppliers.signin.forms.PasskeyForm",
    "reauthenticate": "suppliers.signin.forms.CodeAgainForm",
}
# After how long (minutes) without use a session asks whether it is still its person; sooner where money is moved.
IDLE_FOR = timedelta(minutes=env.integer("SESSION_IDLE_MINUTES", 60, at_least=1))
IDLE_FOR_MONEY = min(IDLE_FOR, timedelta(minutes=env.integer("SESSION_IDLE_MONEY_MINUTES", 30, at_least=1)))
# What asks whether a second factor was shown a moment ago, and what answers whoever has not.
FRESH_FACTOR = "suppliers.signin.step_up.require_fresh_factor"
FRESH_FACTOR_PAGE = "suppliers.signin.step_up.ask_for_factor"
# For how long (minutes) a factor that was shown lets its person do what needs one.
FRESH_FACTOR_FOR = timedelta(minutes=env.integer("FRESH_FACTOR_MINUTES", 10, at_least=1))
# For how long (hours) the first factor of an account moves no money, unless its address has confirmed it.
NEW_FACTOR_WAITS = timedelta(hours=env.integer("NEW_FACTOR_HOURS", 24))
# For how long (days) a device may be spared the second step at sign-in; 0 spares none.
TRUSTED_DEVICE_FOR = timedelta(days=env.integer("TRUSTED_DEVICE_DAYS", 30))
# How long (hours) the removal of somebody's factors by an administrator can be stopped.
FACTOR_RESET_WAITS = timedelta(hours=env.integer("FACTOR_RESET_HOURS", 24, at_least=1))
# How long (minutes) an administrator may act in a supplier's person's place.
IMPERSONATION_FOR = timedelta(minutes=env.integer("IMPERSONATION_MINUTES", 30, at_least=1))
# For how long (days) sign-ins are kept, and devices that nobody came with again.
SIGN_INS_KEPT_FOR = timedelta(days=env.integer("SIGN_INS_KEPT_DAYS", 180, at_least=30))
# The header in which a proxy says the caller's country (ISO 3166 code), such as CF-IPCountry. Without one, none is
# known.
COUNTRY_HEADER = env.text("COUNTRY_HEADER")

# --- Single sign-on (docs/sso.md) ---------------------------------------------------------------------------

SOCIALACCOUNT_ADAPTER = "suppliers.sso.adapters.SsoAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_STORE_TOKENS = False
# Hosts of identity providers inside our own network: no other address there is ever asked.
SSO_INSIDE_HOSTS = env.words("SSO_INSIDE_HOSTS")
# The certificates by which such a provider is known, where the system's own do not know it: a file.
SSO_CA = env.text("SSO_CA")

SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.middleware.forged"
CSRF_TRUSTED_ORIGINS = env.url_list("CSRF_TRUSTED_ORIGINS", _http) or [PUBLIC_URL]

# How many pages one person may ask for in a minute, and how often write; all strangers behind one address together.
# Far beyond what hands do, with a dozen tabs that look for news by themselves.
PAGES_A_MINUTE = env.integer("PAGES_A_MINUTE", 600, at_least=120)
WRITES_A_MINUTE = env.integer("WRITES_A_MINUTE", 300, at_least=60)

# --- On the wire --------------------------------------------------------------------------------------------

# Plain http is for one machine: a `Secure` cookie would never come back over it.
_https = _public_url.scheme == "https"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_SECURE = _https
LANGUAGE_COOKIE_SECURE = _https
LANGUAGE_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "portal.cookies.MessageStorage"
if _https:
    # A cookie of this name can only have been set by this very host over https.
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"
else:
    # Browsers keep cookies by host, not by port: two demos on one machine must not sign each other out.
    SESSION_COOKIE_NAME = f"session-{_public_url.port or 80}"
SECURE_SSL_REDIRECT = _https and env.flag("SSL_REDIRECT", True)
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000) if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("HSTS_INCLUDE_SUBDOMAINS", _https)
SECURE_HSTS_PRELOAD = env.flag("HSTS_PRELOAD")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "manifest-src": [SELF],
    }
}

DATA_UPLOAD_MAX_MEMORY_SIZE = env.integer("REQUEST_MAX_BYTES", 10 * 1024 * 1024)
UPLOAD_MAX_BYTES = env.integer("UPLOAD_MAX_BYTES", 52 * 1024 * 1024)  # a message with five files of 10 MB
DATA_UPLOAD_MAX_NUMBER_FIELDS = 40_000  # an answer to a 1,000-line order is one form
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
# The daemon that looks at every file for malware (docs/documents.md): unix:///run/clamav/clamd.ctl or tcp://host:3310.
CLAMD_URL = env.url("CLAMD_URL", ("unix", "tcp"))
CLAMD_TIMEOUT = float(env.integer("CLAMD_TIMEOUT", 20, at_least=1))
# Where documents of suppliers are kept in the end: in the database where none is named, else
# s3://bucket/prefix?endpoint=https://…&region=… (docs/documents.md).
DOCUMENT_STORE = env.url("DOCUMENT_STORE", ("s3",))
FILE_UPLOAD_HANDLERS = [
    "portal.uploads.NoFilesOfStrangers",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# --- Words, times, files ------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = None if TESTING else env.path("STATIC_ROOT", VAR_DIR / "static")
STORAGES = {
    # People's files are in the database (docs/adr/0009-files-are-in-the-database.md): this one stays empty.
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Tests read the files where they are, one by one as they are asked for.
WHITENOISE_USE_FINDERS = TESTING
WHITENOISE_AUTOREFRESH = TESTING

# --- Mail ---------------------------------------------------------------------------------------------------

if _mail_url:
    globals().update(backing.mail(_mail_url))
MAILBOX_FOLDER: str = globals().get("MAILBOX_FOLDER") or str(VAR_DIR / "mailbox")
# A provider of django-anymail is chosen with EMAIL_URL=anymail://postmark; what it wants to know is ANYMAIL_… each.
ANYMAIL: dict[str, str] = env.named("ANYMAIL_") if _mail_url and _mail_url.scheme == "anymail" else {}
if ANYMAIL:
    INSTALLED_APPS.append("anymail")
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "Quayside <quayside@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Notices, signed links, replies by mail (docs/mail.md) --------------------------------------------------

# Off: what happens is no notice, now or later.
NOTICES = env.flag("NOTICES", True)
# For how long (seconds) notices to one person are gathered, so that forty new orders are one mail.
NOTICES_GATHER_FOR = timedelta(seconds=env.integer("NOTICES_GATHER_FOR", 120))
# What happened longer ago (hours) than this is no news: it is mailed to nobody.
NOTICES_NEWS_FOR = timedelta(hours=env.integer("NOTICES_NEWS_FOR", 72, at_least=1))
# An order that was written more days before than this when it first comes is history too: a first load mails nobody.
NOTICES_ORDERS_FROM = timedelta(days=env.integer("NOTICES_ORDER_DAYS", 14, at_least=1))
# At which hour of the reader's day a digest comes; the weekly one on Mondays.
NOTICES_DIGEST_AT = env.integer("NOTICES_DIGEST_AT", 7)
# After so many working hours of its supplier, an order that nobody there has seen is told of.
NOTICES_UNSEEN_AFTER = timedelta(hours=env.integer("NOTICES_UNSEEN_AFTER", 16, at_least=1))
# For how many days a signed link opens, and the segments whose suppliers must sign in to act through one.
LINK_VALID_FOR = timedelta(days=env.integer("LINK_VALID_DAYS", 14, at_least=1))
LINK_SIGN_IN_SEGMENTS = env.words("LINK_SIGN_IN_SEGMENTS")
# Up to which amount of an invoice, included, its approval may be given by a mailed link, by currency: beyond, and in a
# currency that is not named, one signs in. Whoever gets hold of such a mail approves, so nothing is named unless it is
# wanted. The companies (by code; * is all) that want people to sign in for every one.
APPROVE_BY_LINK_LIMIT = env.amounts("APPROVE_BY_LINK_LIMIT")
# Above which amount of an invoice its approval asks for a second factor of a moment ago, by currency; in a currency
# that is not named always. Empty: never.
APPROVE_FACTOR_ABOVE = env.amounts("APPROVE_FACTOR_ABOVE")
APPROVE_BY_LINK_SIGN_IN = env.words("APPROVE_BY_LINK_SIGN_IN")
APPROVE_BY_LINK_FOR = timedelta(days=env.integer("APPROVE_BY_LINK_DAYS", 7, at_least=1))
# The domain whose mail comes back to us (docs/mailroom.md). Without one, replies go to the buyer.
MAIL_REPLY_DOMAIN = env.text("MAIL_REPLY_DOMAIN", "" if PRODUCTION else "mail.localhost").lower()
# Who takes the replies that are typed in the mailbox of a demo.
MAIL_TAKEN_BY = "procurement.mailroom.services.take_mail"
# Who says of addresses that no mail would reach them: asked before many are written to at once.
MAIL_CLOSED = "procurement.notifications.reach.closed"

# --- Mail that comes in (docs/mailroom.md) ------------------------------------------------------------------

# Only one machine may be asked without TLS: a password would go in the clear.
MAIL_IN_IMAP_URL = env.url(
    "MAIL_IN_IMAP_URL", ("imaps", "imap+tls") if PRODUCTION else ("imaps", "imap+tls", "imap")
)
MAIL_IN_IMAP_DONE = env.text("MAIL_IN_IMAP_DONE")
MAIL_IN_IMAP_CA = env.text("MAIL_IN_IMAP_CA")
_maildir = env.text("MAIL_IN_MAILDIR")
MAIL_IN_MAILDIR = Path(_maildir) if _maildir else None
MAIL_IN_EVERY = env.integer("MAIL_IN_EVERY", 30, at_least=5)
MAIL_IN_MAX_BYTES = env.integer("MAIL_IN_MAX_BYTES", 25 * 1024 * 1024, at_least=64 * 1024)
# For how long (days) a mail is kept as it came; what was drawn from it stays.
MAIL_RAW_KEPT_FOR = timedelta(days=env.integer("MAIL_RAW_KEPT_DAYS", 180, at_least=1))
MAIL_IN_WEBHOOK_SECRET = env.secret("MAIL_IN_WEBHOOK_SECRET")
if MAIL_IN_WEBHOOK_SECRET and len(MAIL_IN_WEBHOOK_SECRET) < 32:
    raise ImproperlyConfigured(
        "MAIL_IN_WEBHOOK_SECRET must have 32 characters or more: it signs whole mails."
    )
# The name under which our own receiving host writes `Authentication-Results` (RFC 8601). Without one, only a signed
# reply address or a person's press makes anything of a mail.
MAIL_IN_TRUSTED_HOST = env.text("MAIL_IN_TRUSTED_HOST")

# --- Gateways: carriers and warehouse systems (docs/gateways.md) --------------------------------------------

GATEWAY_MAX_BYTES = env.integer("GATEWAY_MAX_BYTES", 1024 * 1024, at_least=16 * 1024)
# For how long (days) a message is kept as it came; its events stay.
GATEWAY_RAW_KEPT_FOR = timedelta(days=env.integer("GATEWAY_RAW_KEPT_DAYS", 180, at_least=1))
_gateway_files = env.text("GATEWAY_FILES_ROOT")
GATEWAY_FILES_ROOT = Path(_gateway_files) if _gateway_files else None

# --- API ----------------------------------------------------------------------------------------------------

# What every door of portal/kernel/rest does is named here by path: settings import nothing that needs apps.
API_RATE = env.text("API_RATE", "600/min")
API_MAX_BYTES = env.integer("API_MAX_BYTES", 2 * 1024 * 1024)  # 5,000 lines have 600 KB
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "suppliers.authentication.TokenAuthentication",
        "suppliers.authentication.PersonAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["portal.kernel.rest.manners.MayEnter"],
    "DEFAULT_THROTTLE_CLASSES": ["portal.kernel.rest.manners.PerCaller"],
    "DEFAULT_PARSER_CLASSES": ["portal.kernel.rest.manners.JsonReader"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "portal.kernel.rest.schema.DoorSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "portal.kernel.rest.problems.answer_with_problem",
    "URL_FORMAT_OVERRIDE": None,
    "NUM_PROXIES": TRUSTED_PROXIES,  # 0 believes no header; None would believe all of it
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Quayside",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Orders, and the promises made on them, for programs: the same rules as on the pages.",
    "SERVERS": [{"url": PUBLIC_URL}],
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "PREPROCESSING_HOOKS": ["portal.kernel.rest.schema.only_our_addresses"],
    "POSTPROCESSING_HOOKS": ["portal.kernel.rest.schema.say_what_is_refused"],
}

# --- A supplier's score (docs/measures.md) --------------------------------------------------------------------

# How much each share of the last ninety days weighs in it, and below how many papers in all there is none.
SCORE_WEIGHTS = env.weights(
    "SCORE_WEIGHTS",
    ("kept", "answered", "untouched", "first_pass"),
    "kept=60,answered=20,untouched=0,first_pass=20",
)
SCORE_LEAST_PAPERS = env.integer("SCORE_LEAST_PAPERS", 20, at_least=5)

# --- Bank details (docs/banking.md) -------------------------------------------------------------------------

# For how many hours an approved change of bank details waits; what it is never shortened below; what risk signals
# never lengthen it beyond.
BANK_WAIT_HOURS = env.integer("BANK_WAIT_HOURS", 72, at_least=24)
BANK_WAIT_LEAST_HOURS = env.integer("BANK_WAIT_LEAST_HOURS", 24, at_least=24)
BANK_WAIT_MOST_HOURS = env.integer("BANK_WAIT_MOST_HOURS", 336, at_least=24)
# How many days older than the request a contact must be that is called back, once a supplier has an account.
BANK_CONTACT_DAYS = env.integer("BANK_CONTACT_DAYS", 14)
# For how many days people who were removed are still told, and the link in a notice still stops what was done.
BANK_FORMER_DAYS = env.integer("BANK_FORMER_DAYS", 90, at_least=30)
# From which sum on payments of the next two weeks make a change wait longer, by currency; and in any other one.
BANK_BIG_PAYMENT = env.amounts("BANK_BIG_PAYMENT", "EUR=50000,USD=50000,GBP=50000,CHF=50000")
BANK_BIG_PAYMENT_OTHERWISE = env.integer("BANK_BIG_PAYMENT_OTHERWISE", 50000)
# Who else knows of risks: called with a supplier, the moment, the last moment that counts, and what is big.
BANK_WATCHES = ["procurement.payables.queries.bank.payments_due"]

# --- The outbox ---------------------------------------------------------------------------------------------

OUTBOX_WAKE = "portal.kernel.outbox.tasks.wake"
OUTBOX_HANDLERS: dict[str, str] = {  # topic: who delivers it
    "erp": "procurement.erp.delivery.deliver",
    "alerts": "procurement.erp.alerts.delivery.deliver",
    "notices": "procurement.notifications.delivery.deliver",
    "bank notices": "procurement.notifications.bank.deliver",
    "mailroom": "procurement.mailroom.tasks.deliver",
    "sign_in": "suppliers.signin.delivery.deliver",
    "sso": "suppliers.sso.delivery.deliver",
    "gateways": "procurement.gateways.tasks.deliver",
    "reactions": "portal.kernel.outbox.reactions.deliver",
}
OUTBOX_GATES: dict[str, str] = {  # topic: whether anything of it may go at all
    "erp": "procurement.erp.delivery.may_go",
}
# What is watched of the floors above the ERP (docs/operations.md).
ALERT_WATCHES = [
    "procurement.mailroom.services.watching.incoming_mail",
    "procurement.erp.alerts.outside.outside_systems",
    "procurement.erp.alerts.outside.security_alarms",
]
AUDIT_TOLD = "portal.kernel.outbox.reactions.promise_to_tell"
REACTIONS = "procurement.reactions.REACTIONS"
CLOCK_KINDS = "procurement.reactions.CLOCK_KINDS"  # what clocks are for, in words
# What brings papers and their clocks together before each sweep.
CLOCK_REVIEWS = [
    "procurement.acknowledgments.services.clocks.review_all_clocks",
    "procurement.inbox.services.clocks.review_all_case_clocks",
]
OUTBOX_LATE_AFTER = timedelta(seconds=env.integer("OUTBOX_LATE_AFTER", 900, at_least=1))
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    "outbox sweep": {"task": "outbox.deliver", "schedule": 5.0, "options": {"expires": 5.0}},
    "ERP feeds": {"task": "erp.read_feeds", "schedule": 5.0, "options": {"expires": 5.0}},
    "look at the ERP": {"task": "erp.look", "schedule": 30.0, "options": {"expires": 30.0}},
    "watch": {"task": "erp.keep_watch", "schedule": 30.0, "options": {"expires": 30.0}},
    "left waiting": {"task": "erp.release_left_waiting", "schedule": 60.0, "options": {"expires": 60.0}},
    "comparison": {"task": "erp.compare", "schedule": 60.0, "options": {"expires": 60.0}},
    "repairs": {"task": "erp.repair_drift", "schedule": 60.0, "options": {"expires": 60.0}},
    "dry runs": {"task": "erp.rehearse", "schedule": 60.0, "options": {"expires": 60.0}},
    "notices": {"task": "notices.send", "schedule": 15.0, "options": {"expires": 15.0}},
    "delivery watch": {"task": "notices.watch", "schedule": 300.0, "options": {"expires": 300.0}},
    "incoming mail": {
        "task": "mailroom.poll",
        "schedule": float(MAIL_IN_EVERY),
        "options": {"expires": float(MAIL_IN_EVERY)},
    },
    "old mails": {"task": "mailroom.forget", "schedule": 86_400.0, "options": {"expires": 3600.0}},
    "gateways": {"task": "gateways.poll", "schedule": 30.0, "options": {"expires": 30.0}},
    "old gateway messages": {"task": "gateways.forget", "schedule": 86_400.0, "options": {"expires": 3600.0}},
    "change requests": {"task": "changes.close", "schedule": 60.0, "options": {"expires": 60.0}},
    "early payments": {"task": "discounting.lapse", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "bank details": {"task": "banking.take_effect", "schedule": 60.0, "options": {"expires": 60.0}},
    "clocks": {"task": "clocks.advance", "schedule": 60.0, "options": {"expires": 60.0}},
    "docks": {"task": "docks.sweep", "schedule": 300.0, "options": {"expires": 300.0}},
    "documents": {"task": "documents.ask", "schedule": 3600.0, "options": {"expires": 3600.0}},
    "kept documents": {"task": "documents.keep", "schedule": 60.0, "options": {"expires": 60.0}},
    "inbox": {"task": "inbox.sweep", "schedule": 60.0, "options": {"expires": 60.0}},
    "audit seal": {"task": "audit.seal", "schedule": 30.0, "options": {"expires": 30.0}},
    "audit check": {"task": "audit.verify", "schedule": 86_400.0, "options": {"expires": 3600.0}},
    "old security events": {"task": "security.forget", "schedule": 86_400.0, "options": {"expires": 3600.0}},
    "sign-in": {"task": "sign_in.sweep", "schedule": 60.0, "options": {"expires": 60.0}},
    "old sign-ins": {"task": "sign_in.forget", "schedule": 86_400.0, "options": {"expires": 3600.0}},
    "onboarding": {"task": "onboarding.keep", "schedule": 60.0, "options": {"expires": 60.0}},
    "old registrations": {
        "task": "registration.forget",
        "schedule": 86_400.0,
        "options": {"expires": 3600.0},
    },
    "screening": {"task": "screening.run", "schedule": 900.0, "options": {"expires": 900.0}},
    "people": {"task": "people.sweep", "schedule": 300.0, "options": {"expires": 300.0}},
    "sleepers": {"task": "people.sleep", "schedule": 86_400.0, "options": {"expires": 3600.0}},
    "old answers": {"task": "idempotency.forget", "schedule": 86_400.0, "options": {"expires": 3600.0}},
}

# --- The ERP ------------------------------------------------------------------------------------------------

ERP_CONNECTOR = env.choice("ERP_CONNECTOR", ("files", "tryton"), default="files")
ERP_URL = _erp_url
# For how long (seconds) one call to the ERP is waited for; what was written in it is then searched for, not repeated.
ERP_PATIENCE = env.integer("ERP_PATIENCE", 60, at_least=1)
# A command that was sent and not seen in the ERP for so long (seconds) needs a person.
ERP_READ_BACK_WITHIN = env.integer("ERP_READ_BACK_WITHIN", 86_400, at_least=60)
# From which hour on, in the company's zone, both sides are compared each night; 24 is never.
ERP_COMPARE_AT = env.integer("ERP_COMPARE_AT", 2)
# Whether the ERP is told when goods on their way are expected on another day than was announced.
ERP_TELL_ESTIMATES = env.flag("ERP_TELL_ESTIMATES", True)
ERP_FILES_ROOT = env.path("ERP_FILES_ROOT", VAR_DIR / "erp")
# How often (seconds) the ERP is looked at: version, modules, clock.
ERP_LOOK_EVERY = timedelta(seconds=env.integer("ERP_LOOK_EVERY", 900, at_least=30))
# After so many failures in a row at the ERP's door it is left alone for a while.
ERP_FAILURES_BEFORE_REST = env.integer("ERP_FAILURES_BEFORE_REST", 5, at_least=1)
ERP_CREDENTIALS_EXPIRE_ON = env.day("ERP_CREDENTIALS_EXPIRE_ON")

# --- Alerts -------------------------------------------------------------------------------------------------

ALERT_GATEWAY_WAITS_AFTER = timedelta(seconds=env.integer("ALERT_GATEWAY_WAITS_AFTER", 86_400, at_least=1))
ALERT_READS_LATE_AFTER = timedelta(seconds=env.integer("ALERT_READS_LATE_AFTER", 900, at_least=1))
ALERT_WRITES_LATE_AFTER = timedelta(seconds=env.integer("ALERT_WRITES_LATE_AFTER", 900, at_least=1))
ALERT_UNREACHABLE_AFTER = timedelta(seconds=env.integer("ALERT_UNREACHABLE_AFTER", 300))
ALERT_PAUSED_AFTER = timedelta(seconds=env.integer("ALERT_PAUSED_AFTER", 14_400))
ALERT_PARKED = env.integer("ALERT_PARKED", 1, at_least=1)
ALERT_FAILURES = env.integer("ALERT_FAILURES", 10, at_least=1)
ALERT_DRIFT = env.integer("ALERT_DRIFT", 1, at_least=1)
ALERT_CLOCK_SKEW = timedelta(seconds=env.integer("ALERT_CLOCK_SKEW", 60, at_least=1))
ALERT_EXPIRY_BEFORE = timedelta(days=env.integer("ALERT_EXPIRY_BEFORE", 14))
ALERT_REPEAT_AFTER = timedelta(seconds=env.integer("ALERT_REPEAT_AFTER", 86_400, at_least=60))
ALERT_OVER_AFTER = timedelta(seconds=env.integer("ALERT_OVER_AFTER", 300))
_webhook_url = env.url("ALERT_WEBHOOK_URL", ("https",) if PRODUCTION else _http)
ALERT_WEBHOOK_URL = _webhook_url.geturl() if _webhook_url else ""
ALERT_WEBHOOK_SECRET = env.secret("ALERT_WEBHOOK_SECRET")
if ALERT_WEBHOOK_URL and len(ALERT_WEBHOOK_SECRET) < 32:
    raise ImproperlyConfigured(
        "ALERT_WEBHOOK_SECRET must have 32 characters or more: it signs what ALERT_WEBHOOK_URL is told."
    )

# --- Security (docs/security) -------------------------------------------------------------------------------

# Whom to tell of a hole: addresses of mail, or pages. They stand in /.well-known/security.txt; alarms go to the mails.
SECURITY_CONTACT = env.words("SECURITY_CONTACT")
# Where the disclosure policy of this installation is to be read.
SECURITY_POLICY_URL = env.text("SECURITY_POLICY_URL")
# Of one kind and from one source, no more than so many security events a minute become rows; the log has all.
SECURITY_EVENTS_A_MINUTE = env.integer("SECURITY_EVENTS_A_MINUTE", 60, at_least=1)
SECURITY_EVENTS_KEPT_FOR = timedelta(days=env.integer("SECURITY_EVENTS_KEPT_DAYS", 400, at_least=90))

# --- Watching it run ----------------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", ("json", "text"), default="text" if TESTING else "json")
LOGGING = log_settings(LOG_FORMAT, env.text("LOG_LEVEL", "WARNING" if TESTING else "INFO").upper())
LOGGING_CONFIG = "logging.config.dictConfig"
METRICS_TOKEN = env.secret("METRICS_TOKEN")
