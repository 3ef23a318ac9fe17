// One step: admission, then runs of the body and, for the rows whose logits are wanted, of the head.
#include "runtime/session/EngineState.h"

#include "runtime/engine/Verify.h"

#include <algorithm>
#include <string>

namespace tenon {

static std::string itemName(size_t i) { return "item " + std::to_string(i) + " of the step"; }

// Everything that may be refused, before anything changes.
Status Engine::State::checkItems(std::span<const StepItem> items) const {
  std::vector<bool> seen(sequences.size());
  uint64_t pagesNeeded = 0;
  for (size_t i = 0; i < items.size(); ++i) {
    const StepItem &item = items[i];
    if (!alive(item.sequence))
      return Status(Code::Usage, itemName(i) + ": its sequence was freed or never made");
    if (seen[item.sequence.slot])
      return Status(Code::Usage, itemName(i) + ": a sequence may appear once in a step; join its tokens");
    seen[item.sequence.slot] = true;
    if (item.tokens.empty())
      return Status(Code::Usage, itemName(i) + ": expected at least one token, found none");
    if (item.logitRows > item.tokens.size())
      return Status(Code::Usage, itemName(i) + ": logits of " + std::to_string(item.logitRows) +
                                     " rows are wanted, it has " + std::to_string(item.tokens.size()));
    for (int32_t token : item.tokens)
      if (token < 0 || static_cast<uint32_t>(token) >= limits.vocab)
        return Status(Code::Usage, itemName(i) + ": expected tokens from 0 to " + std::to_string(limits.vocab - 1) +
                                       ", found " + std::to_string(token));
    const Sequence &sequence = sequences[item.sequence.slot];
    if (item.tokens.size() > limits.maxContext - sequence.length)
      return Status(Code::Constraint, itemName(i) + ": its sequence holds " + std::to_string(sequence.length) +
                                          " tokens, " + std::to_string(item.tokens.size()) +
                                          " more exceed the engine's context of " + std::to_string(limits.maxContext) +
                                          "\n  shorten the text, or compile the engine with a larger --max-seq");
    uint32_t length = sequence.length + static_cast<uint32_t>(item.tokens.size());
    pagesNeeded += pagesFor(length, limits.pageTokens) - sequence.pages;
  }
  if (pagesNeeded > pages.free())
    return Status(Code::Constraint, "the step needs " + std::to_string(pagesNeeded) + " pages of " +
                                        std::to_string(limits.pageTokens) + " tokens in the KV cache, " +
                                        std::to_string(pages.free()) + " of " + std::to_string(limits.pages) +
                                        " are free\n  free or truncate a sequence, or wait until one ends");
  return Status::ok();
}

// Pages for the tokens to come; checkItems has seen that they are there.
void Engine::State::admit(const StepItem &item) {
  Sequence &sequence = sequences[item.sequence.slot];
  uint32_t needed = pagesFor(sequence.length + static_cast<uint32_t>(item.tokens.size()), limits.pageTokens);
  int32_t *table = io.blockTable + size_t(item.sequence.slot) * io.pagesPerSequence;
  while (sequence.pages < needed)
    table[sequence.pages++] = pages.take();
}

void Engine::State::run(std::span<const StepItem> items, LogitsSink &sink) {
  uint64_t left = 0;
  for (const StepItem &item : items)
    left += item.tokens.size();

  uint32_t item = 0, token = 0; // the first row not yet run
  while (left > 0) {
    const RowBuckets::Bucket &bucket = body.next(static_cast<uint32_t>(std::min<uint64_t>(left, UINT32_MAX)));
    uint32_t rows = static_cast<uint32_t>(std::min<uint64_t>(left, bucket.rows));
    uint32_t segmentCount = 0;
    wanted.clear();
    for (uint32_t row = 0; row < rows;) {
      const StepItem &from = items[item];
      Sequence &sequence = sequences[from.sequence.slot];
      uint32_t itemRows = static_cast<uint32_t>(from.tokens.size());
      uint32_t taken = std::min(itemRows - token, rows - row);
      uint32_t firstWanted = itemRows - from.logitRows;
      for (uint32_t j = 0; j < taken; ++j) {
        io.tokens[row + j] = from.tokens[token + j];
        io.positions[row + j] = static_cast<int32_t>(sequence.length + j);
        io.slots[row + j] = static_cast<int32_t>(from.sequence.slot);
        if (token + j >= firstWanted)
          wanted.push_back({row + j, item, token + j});
      }
      sequence.length += taken;
      // A sequence appears once in a step, so a run has no more segments than rows and than sequences.
      int32_t *segment = io.segments + 4 * size_t(segmentCount++);
      segment[0] = static_cast<int32_t>(from.sequence.slot);
      segment[1] = static_cast<int32_t>(row);
      segment[2] = static_cast<int32_t>(taken);
      segment[3] = static_cast<int32_t>(sequence.length);
      row += taken;
      token += taken;
      if (token == itemRows) {
        ++item;
        token = 0;
      }
    }
    for (uint32_t row = rows; row < bucket.rows; ++row) {
      io.tokens[row] = io.positions[row] = 0;
      io.slots[row] = -1;
    }
    std::fill(io.segments + 4 * size_t(segmentCount), io.segments + 4 * size_t(io.segmentCapacity), 0);
    executor->run(bucket.program, *pool);
    runHead(items, sink);
    left -= rows;
  }
}

void Engine::State::runHead(std::span<const StepItem> items, LogitsSink &sink) {
  for (size_t done = 0; done < wanted.size();) {
    const RowBuckets::Bucket &bucket = head.next(static_cast<uint32_t>(wanted.size() - done));
    uint32_t rows = static_cast<uint32_t>(std::min<size_t>(wanted.size() - done, bucket.rows));
    for (uint32_t row = 0; row < bucket.rows; ++row)
      io.rows[row] = static_cast<int32_t>(wanted[done + std::min(row, rows - 1)].row);
    executor->run(bucket.program, *pool);
    for (uint32_t row = 0; row < rows; ++row)
      sink.row(wanted[done + row].item, wanted[done + row].token,
               {io.logits + size_t(row) * limits.vocab, limits.vocab});
    done += rows;
  }
}

Status Engine::step(std::span<const StepItem> items, LogitsSink &sink) {
  TENON_TRY(state_->checkItems(items));
  for (const StepItem &item : items)
    state_->admit(item);
  cpu::ThreadPool::Active active(*state_->pool);
  state_->run(items, sink);
  return Status::ok();
}

} // namespace tenon
