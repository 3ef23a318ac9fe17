#include "compiler/driver/ShapeChoice.h"

#include <algorithm>

namespace tenon {
namespace {

// Enough for a chat; a longer context is asked for with --max-seq, since its KV cache can exceed the weights.
constexpr uint64_t kDefaultContext = 4096;
constexpr uint32_t kDefaultSequences = 4;
constexpr uint32_t kPageTokens = 64;
constexpr uint32_t kBodyRows[] = {1, 2, 4, 8, 16, 64, 128, 256};
constexpr uint32_t kLargestHead = 16;
constexpr uint32_t kMaxSequences = 4096;
// A linear kernel keeps 16 sums of every row, for two panels side by side, within its 256 KiB of stack.
constexpr uint32_t kMaxRows = 2048;

Status constraint(const std::string &text) { return Status(Code::Constraint, text); }

std::string listOf(const std::vector<uint32_t> &values) {
  std::string text;
  for (uint32_t v : values)
    text += " " + std::to_string(v);
  return text;
}

Status checkRows(const char *flag, const std::vector<uint32_t> &rows) {
  for (uint32_t r : rows)
    if (r > kMaxRows)
      return constraint(std::string(flag) + " " + std::to_string(r) + ": at most " + std::to_string(kMaxRows) +
                        " rows in one step");
  return Status::ok();
}

} // namespace

std::string ShapeChoice::describe() const {
  return std::to_string(maxSequences) + " sequences of up to " + std::to_string(maxContext) + " tokens (" +
         std::to_string(pages) + " KV pages of " + std::to_string(pageTokens) + " tokens), rows" + listOf(bodyRows) +
         ", head rows" + listOf(headRows);
}

Result<ShapeChoice> chooseShapes(const CompileOptions &options, uint64_t maxPositions, uint64_t contextLimit) {
  ShapeChoice shape;
  shape.maxSequences = options.maxBatch.value_or(kDefaultSequences);
  if (shape.maxSequences == 0 || shape.maxSequences > kMaxSequences)
    return constraint("--max-batch " + std::to_string(shape.maxSequences) + ": expected 1 to " +
                      std::to_string(kMaxSequences) + " sequences");
  shape.maxContext = options.maxSeq.value_or(static_cast<uint32_t>(std::min(contextLimit, kDefaultContext)));
  if (shape.maxContext == 0 || shape.maxContext > maxPositions)
    return constraint("--max-seq " + std::to_string(shape.maxContext) + ": the model has positions for 1 to " +
                      std::to_string(maxPositions) + " tokens");
  shape.pageTokens = options.pageTokens.value_or(kPageTokens);
  if (shape.pageTokens < 16 || shape.pageTokens > 1024 || shape.pageTokens % 16)
    return constraint("--page-tokens " + std::to_string(shape.pageTokens) +
                      ": expected a multiple of 16 from 16 to 1024");

  const uint64_t pagesPerSequence = (uint64_t(shape.maxContext) + shape.pageTokens - 1) / shape.pageTokens;
  const uint64_t allPages = pagesPerSequence * shape.maxSequences;
  const uint64_t pages = options.kvTokens ? (*options.kvTokens + shape.pageTokens - 1) / shape.pageTokens : allPages;
  if (pages < pagesPerSequence || pages > allPages)
    return constraint("--kv-tokens " + std::to_string(options.kvTokens.value_or(0)) + ": expected " +
                      std::to_string(shape.maxContext) + " (one full sequence) to " +
                      std::to_string(allPages * shape.pageTokens) + " (all of them)");
  if (pages > UINT32_MAX)
    return constraint("the KV cache would have " + std::to_string(pages) + " pages; lower --max-batch or --max-seq");
  shape.pages = static_cast<uint32_t>(pages);

  TENON_TRY(checkRows("--step-tokens", options.stepTokens));
  TENON_TRY(checkRows("--logit-rows", options.logitRows));
  shape.bodyRows = options.stepTokens;
  if (shape.bodyRows.empty())
    for (uint32_t rows : kBodyRows)
      if (rows <= shape.maxContext || rows <= shape.maxSequences || rows == 1)
        shape.bodyRows.push_back(rows);
  shape.headRows = options.logitRows;
  if (shape.headRows.empty())
    for (uint32_t rows = 1; rows <= std::max(kLargestHead, shape.maxSequences) && rows <= shape.bodyRows.back();
         rows *= 2)
      shape.headRows.push_back(rows);
  return shape;
}

} // namespace tenon
