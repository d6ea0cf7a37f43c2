#!/bin/sh
# Compiles as told, and for the workspace's own crates keeps the intermediate code too: by the names of
# package and crate and what cargo tells its builds apart by, beside this script.
here=${0%/*}
name=
extra=
last=
for word; do
    [ "$last" = --crate-name ] && name=$word
    case $word in
    extra-filename=*) [ "$last" = -C ] && extra=${word#extra-filename=} ;;
    -Cextra-filename=*) extra=${word#-Cextra-filename=} ;;
    esac
    last=$word
done
case $name in
'' | ___ | build_script_*) exec "$@" ;;
esac
base=$here/$CARGO_PKG_NAME.$name${CARGO_BIN_NAME:+.bin}
kept=$base$extra
"$@" --emit=llvm-ir="$kept.$$" -Ccodegen-units=1 -Copt-level=2 -Cdebuginfo=2 \
    -Cno-vectorize-loops -Cno-vectorize-slp --cap-lints=allow
code=$?
if [ "$code" = 0 ]; then
    mv "$kept.$$" "$kept.ll" || exit 1
    [ "$kept" = "$base" ] || ln -f "$kept.ll" "$base.ll" || exit 1
else
    rm -f "$kept.$$"
fi
exit "$code"
