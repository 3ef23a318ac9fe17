#include "runtime/text/Vocabulary.h"

#include <bit>
#include <cassert>
#include <cstring>

namespace tenon::text {

static uint32_t tagOf(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

uint32_t Vocabulary::numberAt(size_t offset) const {
  uint32_t number;
  std::memcpy(&number, records_.data() + offset, sizeof number);
  return number;
}

void Vocabulary::reserve(size_t tokens, size_t bytes) {
  records_.reserve(bytes + tokens * 8);
  recordOfId_.reserve(tokens);
  grow(std::bit_ceil(tokens * 2 + 16));
}

size_t Vocabulary::slotFor(std::string_view token, uint64_t hash) const {
  size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  while (slots_[slot].record != absent) {
    if (slots_[slot].tag == tagOf(hash) && textAt(slots_[slot].record) == token)
      return slot;
    slot = (slot + 1) & mask;
  }
  return slot;
}

void Vocabulary::grow(size_t slots) {
  if (slots <= slots_.size())
    return;
  slots_.assign(slots, Slot());
  for (uint32_t record : recordOfId_) {
    if (record == absent)
      continue;
    uint64_t h = hash(textAt(record));
    slots_[slotFor(textAt(record), h)] = {tagOf(h), record};
  }
}

Vocabulary::Inserted Vocabulary::insert(std::string_view token, int32_t id) {
  assert(id >= 0 && records_.size() + token.size() + 8 < absent);
  if ((size_ + 1) * 2 > slots_.size())
    grow(std::bit_ceil((size_ + 1) * 4 + 16));
  uint64_t h = hash(token);
  size_t slot = slotFor(token, h);
  if (slots_[slot].record != absent)
    return Inserted::TokenRepeats;
  auto index = static_cast<size_t>(id);
  if (index >= recordOfId_.size())
    recordOfId_.resize(index + 1, absent);
  else if (recordOfId_[index] != absent)
    return Inserted::IdRepeats;
  auto record = static_cast<uint32_t>(records_.size());
  uint32_t head[2] = {static_cast<uint32_t>(id), static_cast<uint32_t>(token.size())};
  records_.append(reinterpret_cast<const char *>(head), sizeof head);
  records_ += token;
  recordOfId_[index] = record;
  slots_[slot] = {tagOf(h), record};
  ++size_;
  return Inserted::Yes;
}

int32_t Vocabulary::find(std::string_view token, uint64_t hash) const {
  if (slots_.empty())
    return -1;
  uint32_t record = slots_[slotFor(token, hash)].record;
  return record == absent ? -1 : static_cast<int32_t>(numberAt(record));
}

void Vocabulary::fetchSlot(uint64_t hash) const {
  if (!slots_.empty())
    __builtin_prefetch(&slots_[hash & (slots_.size() - 1)]);
}

void Vocabulary::fetchRecord(uint64_t hash) const {
  if (slots_.empty())
    return;
  const Slot &slot = slots_[hash & (slots_.size() - 1)];
  if (slot.tag == tagOf(hash) && slot.record != absent)
    __builtin_prefetch(records_.data() + slot.record);
}

std::optional<std::string_view> Vocabulary::text(int32_t id) const {
  if (id < 0 || id >= idLimit() || recordOfId_[static_cast<size_t>(id)] == absent)
    return std::nullopt;
  return textAt(recordOfId_[static_cast<size_t>(id)]);
}

} // namespace tenon::text
