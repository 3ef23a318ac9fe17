// The free pages of the KV pool. A page id addresses the same page in every layer; which sequence owns it is the
// sequence's business. The page given back last is handed out first: it is the likeliest to be in a cache.
// Threads: that of the engine.
#pragma once

#include <cassert>
#include <cstdint>
#include <vector>

namespace tenon {

class KvPages {
public:
  explicit KvPages(uint32_t pages) {
    free_.reserve(pages);
    for (uint32_t page = pages; page-- > 0;)
      free_.push_back(static_cast<int32_t>(page));
  }

  uint32_t free() const { return static_cast<uint32_t>(free_.size()); }

  // There must be one.
  int32_t take() {
    assert(!free_.empty() && "admission comes first");
    int32_t page = free_.back();
    free_.pop_back();
    return page;
  }
  void give(int32_t page) { free_.push_back(page); }

private:
  std::vector<int32_t> free_;
};

} // namespace tenon
