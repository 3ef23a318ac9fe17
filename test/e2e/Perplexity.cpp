// Perplexity by the protocol of test/models/README.md, of one engine against its golden or of two against each other.
#include "runtime/text/Tokenizer.h"
#include "test/e2e/Checks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tenon::golden {
namespace {

constexpr size_t kWindow = 511, kFirstScored = 256;

Status failed(const std::string &message) { return Status(Code::Internal, message); }

std::vector<double> logProbabilities(std::span<const float> logits) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float l : logits)
    sum += std::exp(l - top);
  std::vector<double> result;
  for (float l : logits)
    result.push_back(l - top - std::log(sum));
  return result;
}

size_t likeliest(std::span<const double> logs) {
  return static_cast<size_t>(std::max_element(logs.begin(), logs.end()) - logs.begin());
}

// BOS and 511 tokens each; at most `windows`, all where that is 0.
Result<std::vector<std::vector<int32_t>>> windowsOf(Engine &engine, const std::string &path, uint64_t windows) {
  TENON_ASSIGN(const auto tokenizer, text::Tokenizer::parse(engine.file().text(schema::SegmentKind::Tokenizer), {}));
  TENON_ASSIGN(const std::string contents, readFile(path));
  TENON_ASSIGN(const std::vector<int32_t> ids, tokenizer->encode(contents, false));
  const auto *bos = engine.file().metadata().model()->bos_ids();
  if (!bos || bos->size() == 0)
    return failed("the model has no BOS token");
  std::vector<std::vector<int32_t>> rows;
  for (size_t at = 0; at + kWindow <= ids.size() && (!windows || rows.size() < windows); at += kWindow) {
    rows.push_back({bos->Get(0)});
    rows.back().insert(rows.back().end(), ids.begin() + static_cast<ptrdiff_t>(at),
                       ids.begin() + static_cast<ptrdiff_t>(at + kWindow));
  }
  return rows;
}

} // namespace

Status checkPerplexity(Engine &engine, const std::string &modelFolder, const std::string &evalFolder,
                       const std::string &text, double tolerance, uint64_t windows) {
  TENON_ASSIGN(const auto rows, windowsOf(engine, evalFolder + "/" + text, windows));
  double nll = 0;
  uint64_t scored = 0;
  for (const std::vector<int32_t> &row : rows) {
    TENON_ASSIGN(const std::vector<float> logits, allLogits(engine, row));
    const size_t vocab = logits.size() / row.size();
    for (size_t p = kFirstScored; p < row.size(); ++p, ++scored)
      nll -= logProbabilities(std::span(logits).subspan((p - 1) * vocab, vocab))[static_cast<size_t>(row[p])];
  }
  const double mean = nll / static_cast<double>(scored);
  if (windows) {
    std::printf("perplexity %s %.4f over %zu windows\n", text.c_str(), std::exp(mean), rows.size());
    return Status::ok();
  }
  TENON_ASSIGN(const GoldenPerplexity golden, readPerplexity(modelFolder, text));
  const double ratio = std::exp(mean - golden.meanNll);
  std::printf("perplexity %s %.4f, golden %.4f, ratio %.6f (within %.3f %%), %llu tokens\n", text.c_str(),
              std::exp(mean), std::exp(golden.meanNll), ratio, tolerance * 100,
              static_cast<unsigned long long>(scored));
  if (scored != golden.tokens)
    return failed("scored " + std::to_string(scored) + " tokens, golden scored " + std::to_string(golden.tokens));
  return std::abs(ratio - 1) <= tolerance ? Status::ok() : failed("perplexity is outside its tolerance");
}

Status comparePerplexity(Engine &engine, Engine &reference, const std::string &evalFolder, const std::string &text,
                         Bounds bounds, uint64_t windows) {
  TENON_ASSIGN(const auto rows, windowsOf(engine, evalFolder + "/" + text, windows));
  double nll = 0, referenceNll = 0, divergence = 0;
  uint64_t scored = 0, same = 0;
  for (const std::vector<int32_t> &row : rows) {
    TENON_ASSIGN(const std::vector<float> logits, allLogits(engine, row));
    TENON_ASSIGN(const std::vector<float> expected, allLogits(reference, row));
    if (logits.size() != expected.size())
      return failed("the engines have vocabularies of different sizes");
    const size_t vocab = logits.size() / row.size();
    for (size_t p = kFirstScored; p < row.size(); ++p, ++scored) {
      const auto got = logProbabilities(std::span(logits).subspan((p - 1) * vocab, vocab));
      const auto wanted = logProbabilities(std::span(expected).subspan((p - 1) * vocab, vocab));
      nll -= got[static_cast<size_t>(row[p])];
      referenceNll -= wanted[static_cast<size_t>(row[p])];
      same += likeliest(got) == likeliest(wanted);
      for (size_t i = 0; i < vocab; ++i)
        divergence += std::exp(wanted[i]) * (wanted[i] - got[i]);
    }
  }
  const auto count = static_cast<double>(scored);
  const double ratio = std::exp((nll - referenceNll) / count);
  std::printf(
      "perplexity %s %.4f, reference %.4f, ratio %.5f; mean KL %.6f nats, same top token %.2f %%, %llu tokens\n",
      text.c_str(), std::exp(nll / count), std::exp(referenceNll / count), ratio, divergence / count,
      100 * static_cast<double>(same) / count, static_cast<unsigned long long>(scored));
  if (bounds.perplexity > 0 && !(std::abs(ratio - 1) <= bounds.perplexity))
    return failed("perplexity is outside its tolerance of " + std::to_string(bounds.perplexity));
  if (bounds.divergence > 0 && !(divergence / count <= bounds.divergence))
    return failed("the divergence is above " + std::to_string(bounds.divergence));
  return Status::ok();
}

} // namespace tenon::golden
