# SPDX-License-Identifier: MIT
# Script: takes deepgemm in as other projects do, `way` says how, and builds and runs the consumers of tests/package.
# `install` makes the prefix that some of the other ways use. package_tests.cmake passes the variables.
cmake_minimum_required(VERSION 3.25)
set(packages_dir "${binary_dir}/package")
set(prefix "${packages_dir}/install/prefix")
set(work_dir "${packages_dir}/${way}")
file(REMOVE_RECURSE "${work_dir}")
file(MAKE_DIRECTORY "${work_dir}")

# run(<command>...): stops with what the command says if it fails; else that is in `output`.
function(run)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        list(JOIN ARGN " " command)
        message(FATAL_ERROR "failed (${status}): ${command}\n${output}")
    endif()
    set(output "${output}" PARENT_SCOPE)
endfunction()

# configure(<folder of tests/package> <cmake argument>...), to be built in the folder `build`, all of it or what `targets` lists;
# what is said is in `configure_output` and `build_output`.
function(configure folder)
    run("${CMAKE_COMMAND}" -S "${source_dir}/tests/package/${folder}" -B "${work_dir}/build" -G "${generator}"
        "-DCMAKE_CXX_COMPILER=${compiler}" "-DDEEPGEMM_SOURCE=${source_dir}" ${ARGN})
    set(configure_output "${output}" PARENT_SCOPE)
    set(wanted "")
    if(targets)
        set(wanted --target ${targets})
    endif()
    run("${CMAKE_COMMAND}" --build "${work_dir}/build" ${wanted})
    set(build_output "${output}" PARENT_SCOPE)
endfunction()

# brief_consumer(<cmake argument>...): of the consumer project a program and a library of kernels, for ways in which deepgemm is
# found as in a way that builds all of it. Where tests take a sample, `sample` is more than 1 and the library is left out.
function(brief_consumer)
    set(targets carrier)
    if(sample EQUAL 1)
        list(APPEND targets consumer_kernels)
    endif()
    configure("" ${ARGN})
    run("${work_dir}/build/carrier")
    set(configure_output "${configure_output}" PARENT_SCOPE)
endfunction()

# consumer(<cmake argument>...): the consumer project, all of whose programs must succeed.
function(consumer)
    configure("" ${ARGN})
    run("${work_dir}/build/consumer")
    run("${work_dir}/build/direct")
    run("${work_dir}/build/carrier")
    set(configure_output "${configure_output}" PARENT_SCOPE)
    set(build_output "${build_output}" PARENT_SCOPE)
endfunction()

if(way STREQUAL "install")
    run("${CMAKE_COMMAND}" --install "${binary_dir}" --prefix "${prefix}")

elseif(way STREQUAL "find_package")
    consumer(-DWAY=find_package "-DCMAKE_PREFIX_PATH=${prefix}")
    # `extern template` leaves the kernel to the library: the program's own object must not define it.
    file(GLOB_RECURSE object "${work_dir}/build/CMakeFiles/direct.dir/direct.cpp.o*")
    run("${nm}" -C "${object}")
    if(NOT output MATCHES " U void deepgemm::sim::launch<" OR output MATCHES " [TW] [^\n]*::run\\(")
        message(FATAL_ERROR "direct.cpp compiles the kernel in spite of extern template:\n${output}")
    endif()

elseif(way STREQUAL "add_subdirectory")
    if(sample EQUAL 1)
        consumer(-DWAY=add_subdirectory)
    else()  # `strict` builds all of it
        brief_consumer(-DWAY=add_subdirectory)
    endif()
    if(NOT configure_output MATCHES "deepgemm::rtc is linked without NVRTC: [^\n]*find_package\\(CUDAToolkit\\)")
        message(FATAL_ERROR "CMake does not say that deepgemm::rtc is linked without NVRTC:\n${configure_output}")
    endif()

elseif(way STREQUAL "fetch_content")
    # In place of an address on the net, an archive of what a project needs of the tree.
    set(archive "${work_dir}/deepgemm.tar.gz")
    run("${CMAKE_COMMAND}" -E tar cfz "${archive}" CMakeLists.txt cmake include WORKING_DIRECTORY "${source_dir}")
    brief_consumer(-DWAY=fetch_content "-DDEEPGEMM_SOURCE=${archive}")

elseif(way STREQUAL "pkg_config")
    # The prefix was moved after it was made. The description must give its present place.
    file(COPY "${prefix}" DESTINATION "${work_dir}/moved")
    set(ENV{PKG_CONFIG_PATH} "${work_dir}/moved/prefix/share/pkgconfig")
    run("${pkg_config}" --cflags --libs deepgemm)
    separate_arguments(flags UNIX_COMMAND "${output}")
    run("${compiler}" -std=c++20 ${flags} "${source_dir}/tests/package/by_hand.cpp" -o "${work_dir}/by_hand")
    run("${work_dir}/by_hand")
    run("${pkg_config}" --modversion deepgemm)
    if(NOT output STREQUAL "${version}\n")
        message(FATAL_ERROR "pkg-config says version ${output}, not ${version}")
    endif()

elseif(way STREQUAL "two_copies")
    configure(two_copies)
    run("${work_dir}/build/both")

elseif(way STREQUAL "messages")
    include("${source_dir}/tests/package/messages.cmake")

elseif(way STREQUAL "strict")
    # Settings of a whole project: unity builds, and warning flags under which our headers and generated files must stay silent.
    set(optimised "")
    if(sample GREATER 1)
        set(optimised -DCMAKE_CXX_FLAGS_RELEASE=-O1)
    endif()
    consumer(-DWAY=add_subdirectory -DCMAKE_UNITY_BUILD=ON -DCMAKE_BUILD_TYPE=Release ${optimised}
             "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror")
    if(build_output MATCHES "warning:|note:")
        message(FATAL_ERROR "the compiler speaks of deepgemm:\n${build_output}")
    endif()

elseif(way STREQUAL "export")
    configure(export "-DCMAKE_INSTALL_PREFIX=${work_dir}/prefix")
    run("${CMAKE_COMMAND}" --install "${work_dir}/build")
    set(work_dir "${work_dir}/user")
    configure(export/user "-DCMAKE_PREFIX_PATH=${packages_dir}/export/prefix")
    run("${work_dir}/build/user")

elseif(way STREQUAL "run_time")
    # A program links the static CUDA runtime by default, and the shared one if it asks for Shared; none links both.
    foreach(runtime IN ITEMS "" Shared)
        configure(run_time "-DCMAKE_CUDA_COMPILER=${nvcc}" "-DRUNTIME=${runtime}")
        run("${work_dir}/build/run_time")
        if(configure_output MATCHES "without NVRTC")
            message(FATAL_ERROR "NVRTC, found after deepgemm, is not linked:\n${configure_output}")
        endif()
        set(rules "${work_dir}/build/build.ninja")
        if(NOT EXISTS "${rules}")
            set(rules "${work_dir}/build/CMakeFiles/run_time.dir/link.txt")
        endif()
        file(STRINGS "${rules}" line REGEX "cudart.*nvrtc|nvrtc.*cudart")
        string(REGEX MATCHALL "cudart(_static)?\\.(so|a)" runtimes "${line}")
        list(REMOVE_DUPLICATES runtimes)
        set(expected "cudart_static.a")
        if(runtime)
            set(expected "cudart.so")
        endif()
        if(NOT runtimes STREQUAL expected)
            message(FATAL_ERROR "with CUDA_RUNTIME_LIBRARY '${runtime}' the program links '${runtimes}':\n${line}")
        endif()
    endforeach()

elseif(way STREQUAL "cuda")
    configure(cuda "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CUDA_COMPILER=${nvcc}")
    run("${work_dir}/build/direct")
    # The remark C7517 is none; docs/how-to/cmake.md tells of it.
    if(build_output MATCHES "[Ww]arning")
        message(FATAL_ERROR "nvcc or ptxas warn of kernels that deepgemm_instantiate() compiles:\n${build_output}")
    endif()

elseif(way STREQUAL "vcpkg")
    include("${source_dir}/tests/package/vcpkg.cmake")

elseif(way STREQUAL "vcpkg_stand_in")
    include("${source_dir}/tests/package/vcpkg_stand_in.cmake")
    brief_consumer(-DWAY=find_package "-DCMAKE_PREFIX_PATH=${CURRENT_PACKAGES_DIR}")

elseif(way STREQUAL "conan")
    set(ENV{CONAN_HOME} "${work_dir}/home")
    set(ENV{CXX} "${compiler}")
    run("${conan}" profile detect)
    run("${conan}" create "${source_dir}/cmake/conan" -s compiler.cppstd=20)
    run("${conan}" install "--requires=deepgemm/${version}" -g CMakeToolchain -s compiler.cppstd=20 -of "${work_dir}")
    brief_consumer(-DWAY=find_package "-DCMAKE_TOOLCHAIN_FILE=${work_dir}/conan_toolchain.cmake" -DCMAKE_BUILD_TYPE=Release)

else()
    message(FATAL_ERROR "package_test.cmake does not know the way '${way}'")
endif()
