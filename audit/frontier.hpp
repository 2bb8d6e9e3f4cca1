#pragma once

#include "audit/leaf.hpp"
#include "protocol/base/ids.hpp"
#include "protocol/base/result.hpp"

#include <cstdint>
#include <vector>

// What a tree has to be remembered by to go on growing: the roots of the perfect subtrees that it
// consists of, largest (leftmost) first, one for each bit that is set in its size. At most 64
// hashes, whatever the size. Pure; one thread for each object.
namespace wardline::audit {

class Frontier {
public:
    Frontier() = default;  // Of the empty tree.

    // `bad_frame` unless there are as many hashes as a tree of this size has.
    static Result<Frontier> from_hashes(std::uint64_t size, std::vector<Hash> hashes);

    std::uint64_t size() const noexcept { return size_; }
    const std::vector<Hash>& hashes() const noexcept { return hashes_; }
    Hash root() const;

    void append(const Hash& leaf) {
        append(leaf, [](unsigned, const Hash&) {});
    }
    // `completed(height, root)` is called for each subtree of 2^height leaves, height 1 and more,
    // that ends in this leaf, the lowest first.
    template <class Completed>
    void append(const Hash& leaf, Completed&& completed) {
        Hash node = leaf;
        unsigned height = 0;
        for (auto bits = size_; (bits & 1) != 0; bits >>= 1) {
            node = node_hash(hashes_.back(), node);
            hashes_.pop_back();
            completed(++height, node);
        }
        hashes_.push_back(node);
        ++size_;
    }

    bool operator==(const Frontier&) const = default;

private:
    std::uint64_t size_{0};
    std::vector<Hash> hashes_;
};

}  // namespace wardline::audit
