#!/bin/sh
# Links as told, and keeps what is needed to link again: words, directory, and objects that the
# compiler removes.
here=${0%/*}
out=
last=
for word; do
    [ "$last" = -o ] && out=$word
    last=$word
done
case $out in
'' | */build/*) ;;
*)
    place=$here/kept/${out##*/}
    rm -rf "$place"
    mkdir -p "$place" || exit 1
    pwd >"$place/directory"
    printf '%s\n' "$out" >"$place/output"
    number=0
    for word; do
        path=$word
        case $word in -Wl,--version-script=* | -Wl,--dynamic-list=*) path=${word#*=} ;; esac
        case $path in
        *.o | */rustc??????/*) [ -f "$path" ] && { cp "$path" "$place/$number" || exit 1; } ;;
        esac
        printf '%s\0' "$word"
        number=$((number + 1))
    done >"$place/words"
    ;;
esac
exec "$(cat "$here/linker")" "$@"
