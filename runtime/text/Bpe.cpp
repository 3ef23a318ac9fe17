#include "runtime/text/Bpe.h"

#include "runtime/text/Unicode.h"

#include <algorithm>

namespace tenon::text {

namespace {
// Up to here scanning all pairs for the smallest rank beats keeping a heap.
constexpr size_t shortWord = 48;
constexpr uint32_t noMerge = UINT32_MAX;

// Smallest rank first, leftmost first among equals. std::push_heap keeps the largest in front.
struct Later {
  bool operator()(const Bpe::Scratch::Candidate &a, const Bpe::Scratch::Candidate &b) const {
    return a.rank != b.rank ? a.rank > b.rank : a.position > b.position;
  }
};
} // namespace

Status Bpe::encode(std::string_view word, Scratch &scratch, std::vector<int32_t> &out) const {
  int32_t whole = find(word);
  if (whole != none && (ignoreMerges_ || wordState(whole).load(std::memory_order_relaxed) == OneToken)) {
    out.push_back(whole);
    return Status::ok();
  }
  TENON_TRY(split(word, scratch));
  if (scratch.ids.size() <= shortWord)
    mergeShort(scratch);
  else
    mergeLong(scratch);
  if (whole != none) {
    bool isWhole = scratch.ids.size() == 1 && scratch.ids[0] == whole;
    wordState(whole).store(isWhole ? OneToken : ManyTokens, std::memory_order_relaxed);
  }
  out.insert(out.end(), scratch.ids.begin(), scratch.ids.end());
  return Status::ok();
}

Status Bpe::split(std::string_view word, Scratch &scratch) const {
  std::vector<int32_t> &ids = scratch.ids;
  ids.clear();
  bool pending = false; // an unknown token that more unknown characters may still join
  for (size_t at = 0; at < word.size();) {
    Character character = characterAt(word, at);
    std::string_view text = word.substr(at, character.length);
    at += character.length;
    int32_t id = character.code < directCharacters ? characterIds_[character.code] : find(text);
    if (id != none) {
      if (pending)
        ids.push_back(unknownId_);
      pending = false;
      ids.push_back(id);
      continue;
    }
    if (byteFallback_ && std::all_of(text.begin(), text.end(),
                                     [&](char byte) { return byteIds_[static_cast<unsigned char>(byte)] != none; })) {
      // As in the reference, a pending unknown token stays pending here and so moves behind these bytes.
      for (char byte : text)
        ids.push_back(byteIds_[static_cast<unsigned char>(byte)]);
      continue;
    }
    if (!hasUnknown_)
      continue; // the reference drops the character
    if (unknownId_ == none)
      return Status(Code::InvalidFile, "tokenizer.json: $.model.unk_token: expected a token of the vocabulary, got " +
                                           quoteForMessage(unknownToken_) + ", which the text needs for " +
                                           quoteForMessage(text));
    if (pending && !fuseUnknown_)
      ids.push_back(unknownId_);
    pending = true;
  }
  if (pending)
    ids.push_back(unknownId_);
  return Status::ok();
}

void Bpe::mergeShort(Scratch &scratch) const {
  std::vector<int32_t> &ids = scratch.ids;
  std::vector<uint32_t> &ranks = scratch.ranks; // of the pair that begins at each symbol
  auto rankAt = [&](size_t i) {
    const MergeTable::Merge *merge = i + 1 < ids.size() ? merges_.find(ids[i], ids[i + 1]) : nullptr;
    return merge ? merge->rank : noMerge;
  };
  ranks.resize(ids.size());
  for (size_t i = 0; i < ids.size(); ++i)
    ranks[i] = rankAt(i);
  while (ids.size() > 1) {
    auto best = std::min_element(ranks.begin(), ranks.end());
    if (*best == noMerge)
      return;
    auto i = static_cast<size_t>(best - ranks.begin());
    ids[i] = merges_.find(ids[i], ids[i + 1])->id;
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(i) + 1);
    ranks.erase(ranks.begin() + static_cast<ptrdiff_t>(i) + 1);
    ranks[i] = rankAt(i);
    if (i > 0)
      ranks[i - 1] = rankAt(i - 1);
  }
}

void Bpe::mergeLong(Scratch &scratch) const {
  auto &symbols = scratch.symbols;
  auto &heap = scratch.heap;
  auto count = static_cast<int32_t>(scratch.ids.size());
  symbols.clear();
  heap.clear();
  for (int32_t i = 0; i < count; ++i)
    symbols.push_back({scratch.ids[static_cast<size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1, true});
  auto symbol = [&](int32_t i) -> Scratch::Symbol & { return symbols[static_cast<size_t>(i)]; };
  auto offer = [&](int32_t left, int32_t right) {
    if (const MergeTable::Merge *merge = merges_.find(symbol(left).id, symbol(right).id)) {
      heap.push_back({merge->rank, left, merge->id});
      return true;
    }
    return false;
  };
  for (int32_t i = 0; i + 1 < count; ++i)
    offer(i, i + 1);
  std::make_heap(heap.begin(), heap.end(), Later());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end(), Later());
    Scratch::Candidate top = heap.back();
    heap.pop_back();
    Scratch::Symbol &left = symbol(top.position);
    if (!left.alive || left.next < 0)
      continue;
    Scratch::Symbol &right = symbol(left.next);
    const MergeTable::Merge *merge = merges_.find(left.id, right.id);
    if (!merge || merge->id != top.id) // the pair has changed since it was offered
      continue;
    left.id = top.id;
    right.alive = false;
    left.next = right.next;
    if (left.next >= 0)
      symbol(left.next).previous = top.position;
    if (left.previous >= 0 && offer(left.previous, top.position))
      std::push_heap(heap.begin(), heap.end(), Later());
    if (left.next >= 0 && offer(top.position, left.next))
      std::push_heap(heap.begin(), heap.end(), Later());
  }
  scratch.ids.clear();
  for (int32_t i = 0; i >= 0; i = symbol(i).next)
    scratch.ids.push_back(symbol(i).id);
}

} // namespace tenon::text
