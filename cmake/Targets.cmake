# Functions that turn a folder into a target. A folder that has no sources yet yields an INTERFACE
# library, a program without main.cpp or a test folder without tests yields nothing; both come to
# life by themselves at the next build after the first file is added.

function(wardline_precompile target)
    if(WARDLINE_PCH)
        target_precompile_headers(${target} PRIVATE "${CMAKE_SOURCE_DIR}/cmake/precompiled.hpp")
    endif()
endfunction()

# wardline_library(NAME [EXTRA file...] LINKS lib...)
# Every *.cpp below the current folder except main.cpp, as a static library.
function(wardline_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "EXTRA;LINKS")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    list(APPEND sources ${arg_EXTRA})
    if(sources)
        add_library(${name} STATIC ${sources})
        target_link_libraries(${name} PUBLIC wardline_flags ${arg_LINKS})
        wardline_precompile(${name})
    else()
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE wardline_flags ${arg_LINKS})
    endif()
endfunction()

# wardline_program(NAME LINKS lib...)
# main.cpp of the current folder, as a program.
function(wardline_program name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "LINKS")
    file(GLOB main CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/main.cpp")
    if(main)
        add_executable(${name} ${main})
        target_link_libraries(${name} PRIVATE wardline_flags ${arg_LINKS})
    endif()
endfunction()

# wardline_test(NAME FOLDER folder LABEL label [TIMEOUT seconds] [SERIAL] LINKS lib...)
# Every *.cpp below the folder, as one GoogleTest program whose tests CTest knows one by one.
function(wardline_test name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "SERIAL" "FOLDER;LABEL;TIMEOUT" "LINKS")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${arg_FOLDER}/*.cpp")
    if(NOT sources)
        return()
    endif()
    if(NOT arg_TIMEOUT)
        set(arg_TIMEOUT 300)
    endif()
    add_executable(${name} ${sources})
    target_link_libraries(${name} PRIVATE wardline_flags ${arg_LINKS}
        GTest::gmock GTest::gtest_main rapidcheck)
    wardline_precompile(${name})
    target_compile_definitions(${name} PRIVATE WARDLINE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
    set(properties LABELS ${arg_LABEL} TIMEOUT ${arg_TIMEOUT})
    if(arg_SERIAL)
        list(APPEND properties RUN_SERIAL TRUE)
    endif()
    # Listing tests when CTest runs, not after linking, keeps a crash at start a failing test.
    gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 30
        TEST_PREFIX "${arg_LABEL}." PROPERTIES ${properties})
endfunction()
