#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Tests the driver ./dg in a copy of what it reads, with stand-ins for the programs that it calls: nothing is built or installed.
#   driver.sh <source tree> <folder to work in>
set -euo pipefail
unset CUDACXX CUDA_HOME CUDA_PATH DEEPGEMM_SEED  # a developer's own settings
source_tree=$1 work=$2
rm -rf "$work"
mkdir -p "$work/tree/include/deepgemm" "$work/bin"
cp "$source_tree/dg" "$work/tree"
cp "$source_tree/include/deepgemm/version.cuh" "$work/tree/include/deepgemm"

# The driver sees these of the system's programs, and the stand-ins.
for program in bash awk cat chmod dirname env grep head mkdir mktemp paste readlink rm sed sort tail wc; do
    ln -s "$(command -v $program)" "$work/bin/$program"
done

# stand_in <program> <lines of a script>
stand_in() {
    printf '#!/usr/bin/env bash\n%s\n' "$2" >"$work/bin/$1"
    chmod +x "$work/bin/$1"
}

failures=0
# expect <exit status> <text of the output, or !text for one that must not be there> <arguments of dg>...
expect() {
    local status=0 output wanted=$2
    output=$(cd / && PATH=$work/bin CXX="${cxx:-}" "${driver:-$work/tree/dg}" "${@:3}" 2>&1) || status=$?
    case $wanted in
        !*) [[ $output != *"${wanted#!}"* ]] && found=1 || found=0 ;;
        *) [[ $output == *"$wanted"* ]] && found=1 || found=0 ;;
    esac
    [ $status -eq "$1" ] && [ "$found" -eq 1 ] && return
    printf 'dg %s: exit status %s, not %s, or the output lacks or has "%s":\n%s\n\n' "${*:3}" $status "$1" "$wanted" "$output"
    failures=$((failures + 1))
}

usual_stand_ins() {
    rm -rf "$work/tree/build" "$work/bin/sudo"
    stand_in id 'echo 1000'
    stand_in nproc 'echo 4'
    stand_in ninja "printf 'c++ a\nc++ b\nc++ c\n'"
    stand_in apt-get 'echo "apt-get was called"; exit 1'
    # c++ says what it is; headers it has all.
    stand_in c++ 'case "$*" in *-E*) echo __clang_major__ __clang_minor__ 12 2 ;; esac'
    # cmake configures build/sim, where ninja has three steps to do, and builds a demo and a benchmark of nothing.
    stand_in cmake "case \"\$*\" in
        --version) echo 'cmake version 3.25.1' ;;
        --preset*) mkdir -p build/sim/examples; touch_cache ;;
        --build*) touch_log; printf '#!/usr/bin/env bash\necho the demo ran\n' >build/sim/examples/demo; chmod +x build/sim/examples/demo ;;
    esac"
    sed -i 's|touch_log|echo >build/sim/.ninja_log|; s|touch_cache|echo "DEEPGEMM_NVRTC:FILEPATH=DEEPGEMM_NVRTC-NOTFOUND" >build/sim/CMakeCache.txt; echo "package/a: found no a" >build/sim/missing_tests.txt|' \
        "$work/bin/cmake"
    stand_in ctest 'echo "ctest ran"; exit 3'
}

usual_stand_ins
version=$(sed -n 's/^#define DEEPGEMM_VERSION_[A-Z]* \([0-9]*\)$/\1/p' "$source_tree/include/deepgemm/version.cuh" | paste -sd.)
expect 0 "$version" --version
expect 0 "$version" version
ln -s "$work/tree/dg" "$work/link"
driver=$work/link expect 0 "$version" version
expect 1 "unknown verb: nosuch" nosuch
expect 1 "unknown verb: nosuch" help nosuch

# Help of a verb, without anything being called.
for verb in demo test gpu-test lint docs; do
    expect 0 "  $verb " $verb --help
    expect 0 "!dg:" $verb --help
done
expect 0 "bench rtc [count]" bench rtc --help
expect 0 "bench engine [count]" bench engine --help
expect 0 "explain, aot, cache" help explain

# A demo, before which the driver says what there is to build.
expect 0 "building demo in build/sim: 3 steps, about 1 min with 4 processors" demo
expect 0 "the demo ran" demo
expect 0 "!steps" demo

# What is missing, for whom.
rm "$work/bin/ninja" "$work/bin/cmake"
expect 1 "Run this, then try again: su -c 'apt-get update && apt-get install -y --no-install-recommends cmake ninja-build'" demo
stand_in sudo 'exit 1'
expect 1 "try again: sudo apt-get update && sudo apt-get install -y --no-install-recommends cmake ninja-build" demo
expect 1 "!apt-get was called" demo
stand_in id 'echo 0'
expect 1 "try again: apt-get update && apt-get install -y --no-install-recommends cmake ninja-build" demo
expect 1 "apt-get was called" demo

# Versions that are too old.
usual_stand_ins
stand_in c++ 'case "$*" in *-E*) echo __clang_major__ __clang_minor__ 10 3 ;; esac'
expect 1 "deepgemm needs g++ 11 or clang 14, or newer; c++ is g++ 10.3." demo
stand_in c++ 'case "$*" in *-E*) echo 12 0 4 2 ;; esac'
expect 1 "deepgemm needs g++ 11 or clang 14, or newer; c++ is clang 12.0." demo
usual_stand_ins
cp "$work/bin/cmake" "$work/newer"
stand_in cmake 'echo "cmake version 3.22.1"'
stand_in python3 'case "$*" in *venv\ build*) exit 1 ;; esac'
expect 1 "deepgemm needs cmake 3.25 or newer, and pip could not bring one." demo
stand_in python3 "case \"\$*\" in *venv\\ build*)
    mkdir -p build/tools/bin
    printf '#!/usr/bin/env bash\ncat $work/newer >build/tools/bin/cmake; chmod +x build/tools/bin/cmake\n' >build/tools/bin/pip
    chmod +x build/tools/bin/pip ;;
esac"
expect 0 "cmake 3.22.1 cannot read the presets" demo
expect 0 "the demo ran" demo
expect 0 "!cannot read the presets" demo
rm "$work/bin/python3"
stand_in nvidia-smi 'echo 8.0; echo 9.0'
stand_in nvcc 'echo "Cuda compilation tools, release 12.4, V12.4.131"'
usual_stand_ins
expect 1 "gpu-test needs nvcc 12.9 or newer; nvcc is 12.4." gpu-test
stand_in nvcc 'echo "Cuda compilation tools, release 13.0, V13.0.88"'
expect 127 "building device_tests examples in build/gpu" gpu-test
stand_in nvidia-smi 'echo 8.0; echo 10.0'
expect 127 "kernels for it have run on the simulator only before" gpu-test
expect 127 "building device_tests examples in build/blackwell" gpu-test
expect 127 "building deepgemm_program in build/blackwell" bench --suite fp4
stand_in nvidia-smi 'echo 8.0; echo 12.0; echo 8.9'
expect 1 "gpu-test needs a Hopper GPU (compute capability 9.0) or a Blackwell (10.x); nvidia-smi shows none." gpu-test
rm "$work/bin/nvcc" "$work/bin/nvidia-smi"

# Tests: ctest's own exit status, after the list of what was not run.
expect 3 "ctest ran" test
expect 3 "one in 16 of the shipped kernels (DEEPGEMM_SEED=" test
expect 3 "!one in" test --all
DEEPGEMM_SEED=17 expect 3 "(DEEPGEMM_SEED=17)" test
DEEPGEMM_SEED=1e3 expect 1 "DEEPGEMM_SEED is '1e3'; it must be a number" test
expect 3 "package/a: found no a" test
expect 1 "bench rtc needs NVRTC and the CUDA runtime" bench rtc

# CXX may hold flags, and names a program or nothing will do.
cxx='c++ -m64' expect 0 "the demo ran" demo
cxx=nonexistent expect 1 "there is no program 'nonexistent'" demo
cxx=nonexistent expect 1 "!apt-get was called" demo
expect 1 "unknown verb: args" help args
expect 1 "unknown verb: bench|test" help 'bench|test'

[ $failures -eq 0 ] || exit 1
echo "the driver does what it says"
