# `make help` lists what there is. Plain POSIX make; nothing needs editing or starting before `make run`.
VENV := .venv
PY := $(VENV)/bin/python
RUN_STAMP := $(VENV)/.installed-run
DEV_STAMP := $(VENV)/.installed-dev
# Tests keep to a folder of their own, away from a portal that may be running here.
TEST_ENV := VAR_DIR=$(CURDIR)/var/test BROKER_URL=memory:// DEBUG=1
# Folders without words for customers.
NO_WORDS := -i .venv -i var -i benchmarks -i docs -i tests -i node_modules
OLIST := ../shared/data/olist

.DEFAULT_GOAL := help
.PHONY: help run test check test-services bench-print bench-station bench-events bench-door bench-notices bench-promise bench-late bench-scorecard bench-intake bench-page lighthouse replay-olist backtest-olist screenshots pictures-states pictures-admin messages lock format clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' Makefile | sed -e 's/:.*##/ -/' | sort

$(RUN_STAMP): requirements.txt
	@sh .ci/system.sh run
	@sh .ci/venv.sh $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements-dev.txt
	@sh .ci/system.sh run
	@sh .ci/venv.sh $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ $(RUN_STAMP)

run: $(RUN_STAMP) ## set up what is missing and start the portal with demo data (PORT, VAR_DIR)
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py demo --once
	@exec $(PY) manage.py up

test: $(DEV_STAMP) ## set up what is missing and run the tests on the embedded default
	$(TEST_ENV) $(PY) -m pytest -n 2 -m "not browser and not services"

check: $(DEV_STAMP) ## lint, types, floors, missing migrations, deploy checks
	$(PY) -m ruff check --quiet .
	$(PY) -m ruff format --check --quiet .
	$(PY) -m mypy orders shipping notifications tracker
	$(VENV)/bin/lint-imports
	$(PY) -m djlint --lint --quiet templates
	$(TEST_ENV) $(PY) manage.py makemigrations --check --dry-run
	VAR_DIR=$(CURDIR)/var/test DEBUG=0 ALLOWED_HOSTS=tracker.example BASE_URL=https://tracker.example \
	SECRET_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(48))") \
	FIELD_KEY=$$($(PY) -c "import secrets; print(secrets.token_urlsafe(48))") \
	$(PY) manage.py check --deploy --fail-level WARNING

test-services: $(DEV_STAMP) ## the suite again on PostgreSQL and Redis, then real processes, then Chromium
	@sh .ci/system.sh browser
	$(PY) .ci/services.py

bench-print: $(DEV_STAMP) ## slips and labels in one process and two against one document each, and memory over 5,000
	$(PY) benchmarks/bench_print.py
	$(PY) benchmarks/bench_print.py --memory 5000

bench-station: $(DEV_STAMP) ## the pack station's answers on a million shipments in PostgreSQL (about 6 minutes)
	$(PY) benchmarks/bench_station.py

bench-events: $(DEV_STAMP) ## tracking events a second in PostgreSQL against raw inserts
	$(PY) benchmarks/bench_events.py

bench-door: $(DEV_STAMP) ## webhooks a second through gunicorn, PostgreSQL, Redis and a worker
	$(PY) benchmarks/bench_door.py

bench-notices: $(DEV_STAMP) ## mails a second from the outbox to an SMTP server, beside bare tasks
	$(PY) benchmarks/bench_notices.py

bench-promise: $(DEV_STAMP) ## learning transit times from 100,000 parcels, and asking
	$(PY) benchmarks/bench_promise.py

bench-late: $(DEV_STAMP) ## the queue's first page on five million shipments in PostgreSQL
	$(PY) benchmarks/bench_late.py

bench-scorecard: $(DEV_STAMP) ## the scorecard of five million parcels in PostgreSQL
	$(PY) benchmarks/bench_scorecard.py

bench-page: $(DEV_STAMP) ## the tracking page's answers on a million orders in PostgreSQL (about 8 minutes)
	$(PY) benchmarks/bench_page.py

lighthouse: $(DEV_STAMP) ## Lighthouse on the pages of the public: at least 98 in each category (needs Node.js)
	@sh .ci/system.sh browser
	$(PY) benchmarks/lighthouse.py

bench-intake: $(DEV_STAMP) ## orders and events per second against a raw INSERT loop
	$(PY) benchmarks/bench_intake.py

replay-olist: $(RUN_STAMP) ## all 22,953 Olist orders through the portal (VAR_DIR=var/olist)
	$(PY) benchmarks/olist.py $(OLIST) var/olist/csv
	VAR_DIR=$(CURDIR)/var/olist LOG_LEVEL=WARNING $(PY) manage.py migrate --verbosity 0
	VAR_DIR=$(CURDIR)/var/olist LOG_LEVEL=WARNING $(PY) manage.py replay var/olist/csv/orders.csv var/olist/csv/events.csv \
	--expect var/olist/csv/expected.csv

backtest-olist: $(RUN_STAMP) ## the promise and "will it be late" on a real year, with no look-ahead
	mkdir -p var/olist
	$(PY) benchmarks/olist_history.py $(OLIST) var/olist/history.csv
	$(PY) manage.py backtest_promise --history var/olist/history.csv --from 2017-07-01 --to 2018-05-19
	$(PY) manage.py backtest_late --history var/olist/history.csv --from 2017-07-01 --to 2018-05-19

screenshots: $(DEV_STAMP) ## the pictures of the README, from a running portal
	@sh .ci/system.sh browser
	$(PY) docs/papers.py
	$(PY) docs/screenshots.py

pictures-states: $(DEV_STAMP) ## every state of the tracking page as pictures, in three languages, in var/states
	@sh .ci/system.sh browser
	$(PY) docs/states.py

pictures-admin: $(DEV_STAMP) ## every page of staff as pictures, phone to wide screen, light and dark, each asked by axe; papers and mail too, in var/staff
	@sh .ci/system.sh browser
	$(PY) docs/staff.py

messages: $(DEV_STAMP) ## gather new words into locale/ for translating, and compile the catalogues (needs gettext)
	$(PY) manage.py makemessages --all --no-location --no-wrap --no-obsolete $(NO_WORDS)
	$(PY) manage.py compilemessages $(NO_WORDS)

lock: $(DEV_STAMP) ## pin what pyproject.toml asks for (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header -o requirements.txt pyproject.toml
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --extra dev -o requirements-dev.txt pyproject.toml

format: $(DEV_STAMP) ## format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

clean: ## remove the environment and all state, demo data included
	rm -rf $(VENV) var
