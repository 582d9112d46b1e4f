# Each target sets up what it needs; a machine needs only python3 (3.11 to 3.13, with venv) and make.
.DEFAULT_GOAL := report
.PHONY: report test quick lab scale bench workshop docs generate setup lock clean

SYSTEM_UV := $(shell command -v uv 2>/dev/null)
UV := $(if $(SYSTEM_UV),$(SYSTEM_UV),.uv/bin/uv)
RUN := $(UV) run --frozen --quiet
# what Python compiled is kept: else each process of the tests compiles tests and libraries again
unexport PYTHONDONTWRITEBYTECODE

report: setup            ## execute the notebooks, export the site, print where it lies
	$(RUN) sphinx-build -q -j auto -t report docs build/docs-of-report
	$(RUN) onetomany report --docs build/docs-of-report

test: setup              ## style, types, and every test
	$(RUN) ruff check .
	$(RUN) ruff format --check .
	$(RUN) mypy
	$(RUN) pytest --record=build/validation/results.json

quick: setup             ## the fast tests that need no face model, no kernel and no browser
	$(RUN) pytest --quiet -m "not real and not kernel and not browser and not slow"

lab: setup               ## open your copy of the chapters in JupyterLab
	$(RUN) onetomany lab

scale: setup             ## 177.6 million synthetic templates, enrolled and searched; resumes
	$(RUN) onetomany scale

bench: $(UV)             ## the ratios of benchmarks/, against their peers in the same run
	$(UV) run --frozen --quiet --group bench python -m benchmarks

workshop: setup          ## build/workshop: installs and runs on a machine without network
	@mkdir -p build
	$(UV) export --frozen --quiet --no-dev --all-extras --no-emit-project --no-hashes --no-annotate --no-header > build/requirements.txt
	$(RUN) onetomany workshop build/workshop --offline build/requirements.txt

docs: generate           ## build/docs: these pages and the reference, without the network
	$(RUN) sphinx-build -q -j auto docs build/docs
	@echo build/docs/index.html

generate: setup          ## write again what repeats: stubs, start page, glossary, architecture
	$(RUN) python .ci/generate.py

# a caged process may write no file, so what only such processes load is compiled here, once
setup: $(UV)
	$(UV) sync --frozen --quiet --group docs
	@$(RUN) python -c "from onetomany.cage.zygote import load_task; load_task('onetomany.formats.extraction:load_all')"

lock: $(UV)              ## refresh uv.lock
	$(UV) lock

.uv/bin/uv:
	@python3 -c 'import sys; sys.exit(not (3, 8) <= sys.version_info)' || { echo "python3 is too old: install Python 3.11 to 3.13"; exit 1; }
	python3 -m venv .uv || { echo "python3 has no venv module: on Debian or Ubuntu run 'apt install python3-venv'"; rm -rf .uv; exit 1; }
	.uv/bin/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'

clean:
	rm -rf build .venv .uv
