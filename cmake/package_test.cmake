# SPDX-License-Identifier: MIT
# Script: installs deepgemm to a prefix of its own, then builds and runs tests/package against the installed
# package, with add_subdirectory and with FetchContent.
set(work_dir "${binary_dir}/package")
file(REMOVE_RECURSE "${work_dir}")

function(run)
    execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "failed: ${ARGN}\n${output}")
    endif()
endfunction()

run("${CMAKE_COMMAND}" --install "${binary_dir}" --prefix "${work_dir}/prefix")
foreach(way find_package add_subdirectory fetch_content)
    run("${CMAKE_COMMAND}" -S "${source_dir}/tests/package" -B "${work_dir}/${way}" -G "${generator}"
        "-DCMAKE_CXX_COMPILER=${compiler}" "-DWAY=${way}" "-DDEEPGEMM_SOURCE=${source_dir}"
        "-DFETCHCONTENT_SOURCE_DIR_DEEPGEMM=${source_dir}"  # where FetchContent takes it from, without a copy
        "-DCMAKE_PREFIX_PATH=${work_dir}/prefix")
    run("${CMAKE_COMMAND}" --build "${work_dir}/${way}")
    run("${work_dir}/${way}/consumer")
    run("${work_dir}/${way}/carrier")
    # Nothing of ours may show in the consumer's cache but what every project() and find_package() leaves there.
    file(STRINGS "${work_dir}/${way}/CMakeCache.txt" leaked REGEX "^DEEPGEMM_(CUDA|CCACHE|NVCC|DOCTEST)")
    if(leaked)
        message(FATAL_ERROR "options of deepgemm leak into a consumer (${way}): ${leaked}")
    endif()
endforeach()
