# The compiler and the flags that hold for everything we compile.
#
# clang 19 is not a preference: g++ 12 destroys some temporaries of a co_await expression twice
# (docs/decisions/0001-clang-19.md).
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
    message(FATAL_ERROR
        "Wardline is compiled with clang 19 (found ${CMAKE_CXX_COMPILER_ID} "
        "${CMAKE_CXX_COMPILER_VERSION}). Use a preset, for example: cmake --preset release")
endif()

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(WARDLINE_CCACHE ccache)
if(WARDLINE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${WARDLINE_CCACHE}")
    if(WARDLINE_PCH)
        # ccache keeps precompiled headers only when it may ignore their time stamps.
        set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
            CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
            "${WARDLINE_CCACHE}")
    endif()
endif()
if(WARDLINE_PCH)
    add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()

add_compile_options(-fstack-protector-strong -fno-omit-frame-pointer)
add_link_options(-fuse-ld=lld -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" AND NOT WARDLINE_SANITIZE AND NOT WARDLINE_FUZZ)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()

if(WARDLINE_SANITIZE)
    add_compile_options("-fsanitize=${WARDLINE_SANITIZE}" -fno-sanitize-recover=all)
    add_link_options("-fsanitize=${WARDLINE_SANITIZE}")
endif()
if(WARDLINE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# What every target of ours is compiled with. Warnings are for our own code only: all libraries
# come from the system's include folders, where the compiler is silent.
add_library(wardline_flags INTERFACE)
target_include_directories(wardline_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(wardline_flags INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    $<$<BOOL:${WARDLINE_WERROR}>:-Werror>)
target_compile_definitions(wardline_flags INTERFACE
    WARDLINE_VERSION="${PROJECT_VERSION}"
    # Asio and Beast are compiled once, in wardline_asio, and not in every file that includes them.
    BOOST_ASIO_SEPARATE_COMPILATION
    BOOST_BEAST_SEPARATE_COMPILATION
    # A json value never turns into a string or a number unseen.
    JSON_USE_IMPLICIT_CONVERSIONS=0)
