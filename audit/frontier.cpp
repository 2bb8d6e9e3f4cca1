#include "audit/frontier.hpp"

#include <bit>
#include <utility>

namespace wardline::audit {

Result<Frontier> Frontier::from_hashes(std::uint64_t size, std::vector<Hash> hashes) {
    if (hashes.size() != static_cast<std::size_t>(std::popcount(size))) {
        return Error{Code::bad_frame, "not as many hashes as a tree of this size consists of"};
    }
    Frontier out;
    out.size_ = size;
    out.hashes_ = std::move(hashes);
    return out;
}

Hash Frontier::root() const {
    if (hashes_.empty()) return empty_root();
    auto root = hashes_.back();
    for (auto i = hashes_.size() - 1; i-- > 0;) root = node_hash(hashes_[i], root);
    return root;
}

}  // namespace wardline::audit
