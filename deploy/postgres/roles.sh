#!/bin/sh
# Run once by the image of PostgreSQL, as superuser, on an empty data folder: the roles of docs/operations.md.
set -eu
# psql quotes both as literals: a password may hold what it likes.
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set owner="$(cat /run/secrets/database_owner_password)" \
  --set app="$(cat /run/secrets/database_app_password)" <<'SQL'
CREATE ROLE quayside_owner    LOGIN PASSWORD :'owner';
CREATE ROLE quayside_app      LOGIN NOINHERIT PASSWORD :'app';
CREATE ROLE quayside_supplier NOLOGIN;
CREATE ROLE quayside_company  NOLOGIN;
GRANT quayside_supplier, quayside_company TO quayside_app WITH INHERIT FALSE, SET TRUE;
ALTER ROLE quayside_app SET idle_in_transaction_session_timeout = '5min';
CREATE DATABASE quayside OWNER quayside_owner TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LC_COLLATE 'C' LC_CTYPE 'C';
REVOKE ALL ON DATABASE quayside FROM PUBLIC;
GRANT CONNECT ON DATABASE quayside TO quayside_app;
SQL
