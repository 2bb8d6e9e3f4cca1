#include "server/shared_seqs.hpp"

#include "server/visible.hpp"

#include <algorithm>
#include <utility>

namespace wardline::server {

Seq SharedView::clamp(Seq cursor) const {
    if (!seqs_) return cursor;
    const auto behind = std::ranges::upper_bound(*seqs_, cursor);
    return behind == seqs_->begin() ? 0 : *std::prev(behind);
}

storage::Task<SharedView> SharedSeqs::of(ThreadId thread, bool staff) {
    if (staff) co_return SharedView{};
    const auto known = threads_.find(thread);
    if (known != threads_.end()) co_return SharedView{known->second};
    // What is noted while the page is read is kept, whether the page has it or not.
    loading_.try_emplace(thread);
    auto page = co_await reader_.thread_before(thread, 0, kSeqsMax);
    const auto noted = std::move(loading_[thread]);
    loading_.erase(thread);
    if (!page) co_return std::move(page).error();

    std::vector<Seq> seqs;
    for (const auto& entry : page.value().entries) {
        if (entry.kind == audit::EntryKind::message && !is_internal(entry)) {
            seqs.push_back(entry.seq);
        }
    }
    for (const auto seq : noted) {
        if (seqs.empty() || seqs.back() < seq) seqs.push_back(seq);
    }
    if (threads_.size() >= kThreadsMax) threads_.clear();
    threads_.insert_or_assign(thread, seqs);
    co_return SharedView{std::move(seqs)};
}

void SharedSeqs::note(const storage::StoredEntry& message) {
    if (!message.thread || is_internal(message)) return;
    if (const auto loading = loading_.find(*message.thread); loading != loading_.end()) {
        loading->second.push_back(message.seq);
    }
    const auto known = threads_.find(*message.thread);
    if (known == threads_.end()) return;
    auto& seqs = known->second;
    if (!seqs.empty() && seqs.back() >= message.seq) return;
    seqs.push_back(message.seq);
    if (seqs.size() > kSeqsMax) seqs.erase(seqs.begin());
}

}  // namespace wardline::server
