#!/bin/bash
# jdaviz's own tests with this package imported and without it: no outcome may differ. Nor may it where
# all data are treated as this package treats its spectra where there are many (many_everywhere.py).
#
#   tests/peers/run.sh                         in an environment of its own, made in a few minutes
#   tests/peers/run.sh --python PATH           with an interpreter that has jdaviz and pytest
#   tests/peers/run.sh [--python PATH] ARGS    with more arguments for pytest: -n 2, -k catalog
#
# PEERS_FOLDER is where the environment and the outcomes go; by default a temporary folder. Takes
# about a quarter of an hour a side in one process. Not part of CI: what it needs to find are jdaviz's names
# and habits that changed, which is a question for each new version of jdaviz.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
folder=${PEERS_FOLDER:-$(mktemp -d)}
mkdir -p "$folder"

python=
if [ "${1:-}" = --python ]; then
    python=$2
    shift 2
else
    python=$folder/venv/bin/python
    [ -x "$python" ] || python3 -m venv "$folder/venv"
    "$python" -m pip install --quiet -e "$root" "jdaviz[test]"
fi

# Which modules: those of what this package registers with, draws in or changes.
modules=(
    # loaders: every file is first offered to our parsers and importers
    core/loaders
    tests/test_data_formats.py
    core/tests/test_config_detection.py
    configs/imviz/tests/test_parser.py
    configs/imviz/tests/test_parser_asdf.py
    configs/specviz/tests/test_parsers.py
    configs/specviz2d/tests/test_parsers.py
    configs/cubeviz/plugins/tests/test_parsers.py
    # catalogs and tables: the Catalog Overlay listens to them
    tests/test_table_viewer_tools.py
    configs/imviz/tests/test_catalogs.py
    # image viewers: overlays, their marks and their mouse; the read-out of mosaics
    configs/default/tests/test_viewers.py
    configs/default/tests/test_data_menu.py
    configs/default/tests/test_aida.py
    configs/default/plugins/data_menu
    configs/default/plugins/markers
    configs/imviz/tests/test_astrowidgets_api.py
    configs/imviz/tests/test_delete_data.py
    configs/imviz/tests/test_footprints.py
    configs/imviz/tests/test_helper.py
    configs/imviz/tests/test_linking.py
    configs/imviz/tests/test_orientation.py
    configs/imviz/tests/test_regions.py
    configs/imviz/tests/test_simple_aper_phot.py
    configs/imviz/tests/test_subset_centroid.py
    configs/imviz/tests/test_tools.py
    configs/imviz/tests/test_viewer_tools.py
    configs/imviz/tests/test_viewers.py
    # spectrum viewers: the band and the cursor of light curves, previews
    configs/specviz/tests/test_helper.py
    configs/specviz/tests/test_tools.py
    configs/specviz/tests/test_viewers.py
    configs/specviz2d/tests/test_helper.py
    configs/specviz2d/tests/test_mouseover_multiple_2d.py
    # units: flux or surface brightness, the solid angle of the app
    configs/specviz/plugins/unit_conversion
    configs/cubeviz/plugins/tests/test_cubeviz_unit_conversion.py
    core/tests/test_unit_conversion_utils.py
    # the tray, where our plugins stand among the others, and their selections
    core/tests/test_template_mixin.py
    core/tests/test_helpers.py
    core/tests/test_tools.py
    core/viewer_creators
    tests/test_app.py
    tests/test_metadata.py
    tests/test_plugin_is_active.py
    tests/test_subsets.py
    tests/test_user_api.py
    tests/test_utils.py
    tests/test_viewer_ids.py
    configs/default/plugins/about
    configs/default/plugins/data_tools
    configs/default/plugins/export
    configs/default/plugins/gaussian_smooth
    configs/default/plugins/metadata_viewer
    configs/default/plugins/plot_options
    configs/default/plugins/subset_tools
)
# Left out, of the modules: Mosviz, Rampviz and the plugins for cubes, lines and models, none of which
# this package registers with, gives data to or draws in.

# Left out, of the tests: those that fetch data, by their mark (remote_data, in pytest.ini). Some
# others need a network as well, or a part of jdaviz[test] that an interpreter of yours may not have;
# they fail on both sides alike.

jdaviz=$("$python" -c "import importlib.util as u; print(*u.find_spec('jdaviz').submodule_search_locations)")

run() { # package to import, file of outcomes, arguments
    # from the folder of jdaviz: the package is found there as it is when it is installed
    rm -f "$2"
    (
        cd "$jdaviz"
        PYTHONPATH=$root:$here PEERS_IMPORT=$1 PEERS_OUTCOMES=$2 MPLBACKEND=agg \
            "$python" -m pytest -c "$here/pytest.ini" --rootdir "$jdaviz" -p outcomes \
            "${modules[@]}" "${@:3}" >"${2%.json}.log" 2>&1
    ) || true # failures are what is compared
}

run "" "$folder/without.json" "$@"
run jdaviz_stage3 "$folder/with.json" "$@"
run many_everywhere "$folder/many.json" "$@"
"$python" "$here/compare.py" "$folder/without.json" "$folder/with.json"
"$python" "$here/compare.py" "$folder/without.json" "$folder/many.json"
