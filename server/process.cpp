#include "server/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace wardline::server {

void forbid_dumps() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0);
}

std::uint64_t raise_file_limit() {
    rlimit files{};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return 0;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    ::getrlimit(RLIMIT_NOFILE, &files);
    return files.rlim_cur;
}

int exit_code(Code code) noexcept {
    switch (code) {
        case Code::usage:
            return 2;
        case Code::unavailable:
        case Code::unreachable:
            return 4;
        case Code::io:
        case Code::local_store:
            return 6;
        case Code::internal:
            return 1;
        default:
            return 3;
    }
}

}  // namespace wardline::server
