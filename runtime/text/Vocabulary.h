// The two-way map between token texts and ids.
//
// Ids come from a file: insert() refuses repeats, and setIdBound() bounds them before anything is sized by them.
// Threads: const members may run concurrently once filling has ended. Views stay valid for the vocabulary's life.
#pragma once

#include "runtime/text/Hash.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::text {

class Vocabulary {
public:
  enum class Inserted { Yes, TokenRepeats, IdRepeats };

  // Makes room for `tokens` tokens of `bytes` bytes together.
  void reserve(size_t tokens, size_t bytes);
  // `id` is at least 0 and below the bound that the caller has checked; memory grows with the largest id.
  [[nodiscard]] Inserted insert(std::string_view token, int32_t id);

  // The token's id, or -1.
  [[nodiscard]] int32_t find(std::string_view token) const { return find(token, hash(token)); }
  [[nodiscard]] std::optional<std::string_view> text(int32_t id) const;
  // One more than the largest id.
  [[nodiscard]] int32_t idLimit() const { return static_cast<int32_t>(recordOfId_.size()); }
  [[nodiscard]] size_t size() const { return size_; }

  // find() in three steps, for who looks many tokens up at once: between the steps of one token come those of others,
  // so that memory has time to arrive.
  [[nodiscard]] uint64_t hash(std::string_view token) const { return hashOf(token, key_); }
  void fetchSlot(uint64_t hash) const;
  void fetchRecord(uint64_t hash) const;
  [[nodiscard]] int32_t find(std::string_view token, uint64_t hash) const;

private:
  // A token's record in `records_`: id and length, 4 bytes each, then the text.
  struct Slot {
    uint32_t tag = 0; // the hash's upper bits: most misses end without reading a record
    uint32_t record = absent;
  };
  static constexpr uint32_t absent = UINT32_MAX;

  uint32_t numberAt(size_t offset) const;
  std::string_view textAt(uint32_t record) const { return {records_.data() + record + 8, numberAt(record + 4)}; }
  size_t slotFor(std::string_view token, uint64_t hash) const;
  void grow(size_t slots);

  std::string records_; // below 4 GiB: a file is at most 256 MiB
  std::vector<uint32_t> recordOfId_;
  std::vector<Slot> slots_; // open addressing, a power of two, at most half full
  size_t size_ = 0;
  uint64_t key_ = hashKey();
};

} // namespace tenon::text
