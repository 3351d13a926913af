# SPDX-License-Identifier: MIT
# What a project that takes deepgemm in must not notice: settings of CMake that have changed, options of ours in the cache,
# targets and tests beside its two libraries. remember_state() before, check_leaks() after.

# CMake's own settings that are there, by name; those that say where CMake is at the moment, and in which project, are left out.
function(list_settings out)
    get_cmake_property(names VARIABLES)
    list(FILTER names INCLUDE REGEX "^(CMAKE_|BUILD_)")
    list(FILTER names EXCLUDE REGEX "^CMAKE_(PROJECT_|CURRENT_|PARENT_|MATCH_|ARG|FIND_PACKAGE|FILES_DIRECTORY)")
    set(${out} ${names} PARENT_SCOPE)
endfunction()

macro(remember_state)
    list_settings(settings_before)
    foreach(name IN LISTS settings_before)
        set("before_${name}" "${${name}}")
    endforeach()
endmacro()

macro(check_leaks)
    list_settings(settings_after)
    foreach(name IN LISTS settings_after)
        if(NOT name IN_LIST settings_before OR NOT "${${name}}" STREQUAL "${before_${name}}")
            message(FATAL_ERROR "deepgemm changes ${name} from '${before_${name}}' to '${${name}}'")
        endif()
    endforeach()

    # The project's folders and the package's are cached by CMake itself; DEEPGEMM_SOURCE is this consumer's.
    get_cmake_property(cached CACHE_VARIABLES)
    list(FILTER cached INCLUDE REGEX "[Dd][Ee][Ee][Pp][Gg][Ee][Mm][Mm]")
    list(FILTER cached EXCLUDE REGEX "^(deepgemm_(DIR|BINARY_DIR|SOURCE_DIR|IS_TOP_LEVEL)|DEEPGEMM_SOURCE|FETCHCONTENT_.*)$")
    if(cached)
        message(FATAL_ERROR "deepgemm leaves in the cache: ${cached}")
    endif()

    if(DEFINED deepgemm_SOURCE_DIR)
        get_property(targets DIRECTORY "${deepgemm_SOURCE_DIR}" PROPERTY BUILDSYSTEM_TARGETS)
        get_property(tests DIRECTORY "${deepgemm_SOURCE_DIR}" PROPERTY TESTS)
        if(NOT "${targets}${tests}" STREQUAL "deepgemm;deepgemm_rtc")
            message(FATAL_ERROR "deepgemm brings more than its two libraries: targets ${targets}, tests ${tests}")
        endif()
        get_target_property(left_out deepgemm_rtc EXCLUDE_FROM_ALL)
        if(NOT left_out)
            message(FATAL_ERROR "deepgemm_rtc is built for projects that do not link it")
        endif()
    endif()
    get_target_property(definitions deepgemm::deepgemm INTERFACE_COMPILE_DEFINITIONS)
    if(definitions)
        message(FATAL_ERROR "deepgemm::deepgemm defines ${definitions} for whoever links it")
    endif()
endmacro()
