#include "test/e2e/Checks.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sys/stat.h>

namespace tenon::golden {
namespace {

class Collect final : public LogitsSink {
public:
  void row(size_t, size_t, std::span<float> logits) override {
    values.insert(values.end(), logits.begin(), logits.end());
  }
  std::vector<float> values;
};

class Choose final : public LogitsSink {
public:
  explicit Choose(size_t items) : tokens(items, -1) {}
  void row(size_t item, size_t, std::span<float> logits) override {
    tokens[item] = static_cast<int32_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
  }
  std::vector<int32_t> tokens;
};

// Frees the sequence at the end of the scope, whatever happened.
struct ScopedSequence {
  Engine &engine;
  SequenceId id;
  ~ScopedSequence() { (void)engine.freeSequence(id); }
};

Status failed(const std::string &message) { return Status(Code::Internal, message); }

double relativeRms(std::span<const float> got, std::span<const float> golden) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < golden.size(); ++i) {
    const double d = static_cast<double>(got[i]) - golden[i];
    difference += d * d;
    size += static_cast<double>(golden[i]) * golden[i];
  }
  return std::sqrt(difference / size);
}

bool exists(const std::string &path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0;
}

} // namespace

Result<std::vector<float>> allLogits(Engine &engine, std::span<const int32_t> tokens, uint32_t chunk) {
  TENON_ASSIGN(const SequenceId id, engine.createSequence());
  ScopedSequence sequence{engine, id};
  Collect sink;
  const size_t step = chunk ? chunk : engine.limits().maxRows;
  for (size_t at = 0; at < tokens.size(); at += step) {
    const auto part = tokens.subspan(at, std::min(step, tokens.size() - at));
    const StepItem item{id, part, static_cast<uint32_t>(part.size())};
    TENON_TRY(engine.step({&item, 1}, sink));
  }
  return std::move(sink.values);
}

Result<std::vector<int32_t>> greedyText(Engine &engine, std::span<const int32_t> prompt, size_t count, uint32_t chunk) {
  TENON_ASSIGN(const SequenceId id, engine.createSequence());
  ScopedSequence sequence{engine, id};
  Choose sink(1);
  const size_t step = chunk ? chunk : engine.limits().maxRows;
  for (size_t at = 0; at < prompt.size(); at += step) {
    const auto part = prompt.subspan(at, std::min(step, prompt.size() - at));
    const StepItem item{id, part, at + part.size() == prompt.size() ? 1u : 0u};
    TENON_TRY(engine.step({&item, 1}, sink));
  }
  std::vector<int32_t> text{sink.tokens[0]};
  while (text.size() < count) {
    const StepItem item{id, {&text.back(), 1}, 1};
    TENON_TRY(engine.step({&item, 1}, sink));
    text.push_back(sink.tokens[0]);
  }
  return text;
}

Status checkLogits(Engine &engine, const std::string &modelFolder, double tolerance) {
  TENON_ASSIGN(const auto prompts, readPrompts(modelFolder));
  int compared = 0;
  for (const GoldenPrompt &prompt : prompts) {
    const std::string path = modelFolder + "/golden/logits-" + prompt.name + ".npy";
    if (!exists(path))
      continue;
    TENON_ASSIGN(const Matrix golden, readNpy(path));
    TENON_ASSIGN(const std::vector<float> got, allLogits(engine, prompt.tokens));
    if (got.size() != golden.values.size())
      return failed(prompt.name + ": " + std::to_string(got.size()) + " logits, golden has " +
                    std::to_string(golden.values.size()));
    const double rms = relativeRms(got, golden.values);
    std::printf("logits %-8s relative RMS %.2e (at most %.0e)\n", prompt.name.c_str(), rms, tolerance);
    if (!(rms <= tolerance))
      return failed(prompt.name + ": logits differ from the golden ones");
    ++compared;
  }
  return compared ? Status::ok() : failed(modelFolder + " holds no golden logits");
}

Status checkGreedy(Engine &engine, const std::string &modelFolder, double margin) {
  TENON_ASSIGN(const auto prompts, readPrompts(modelFolder));
  for (const GoldenPrompt &prompt : prompts) {
    TENON_ASSIGN(const auto text, greedyText(engine, prompt.tokens, prompt.greedy.size()));
    size_t same = 0;
    while (same < text.size() && prompt.margins[same] >= margin && text[same] == prompt.greedy[same])
      ++same;
    const bool close = same < text.size() && prompt.margins[same] < margin;
    std::printf("greedy %-8s %zu of %zu tokens compared equal%s\n", prompt.name.c_str(), same, text.size(),
                close ? ", then a choice too close to call" : "");
    if (same < text.size() && !close)
      return failed(prompt.name + ": token " + std::to_string(same) + " is " + std::to_string(text[same]) +
                    ", golden " + std::to_string(prompt.greedy[same]) + " (margin " +
                    std::to_string(prompt.margins[same]) + ")");
  }
  return Status::ok();
}

// All prompts at once, as many as the engine has slots, one token each per step after their prompts.
static Status checkBatch(Engine &engine, const std::vector<GoldenPrompt> &prompts,
                         const std::vector<std::vector<int32_t>> &expected) {
  const size_t count = std::min<size_t>(prompts.size(), engine.limits().maxSequences);
  std::vector<SequenceId> ids(count);
  std::vector<std::vector<int32_t>> text(count);
  for (SequenceId &id : ids) {
    TENON_ASSIGN(id, engine.createSequence());
  }
  Choose sink(count);
  for (size_t step = 0; step < expected[0].size(); ++step) {
    std::vector<StepItem> items;
    for (size_t i = 0; i < count; ++i)
      items.push_back(
          {ids[i], step ? std::span<const int32_t>(&text[i].back(), 1) : std::span<const int32_t>(prompts[i].tokens),
           1});
    TENON_TRY(engine.step(items, sink));
    for (size_t i = 0; i < count; ++i)
      text[i].push_back(sink.tokens[i]);
  }
  for (size_t i = 0; i < count; ++i) {
    TENON_TRY(engine.freeSequence(ids[i]));
    if (text[i] != expected[i])
      return failed(prompts[i].name + ": another text in a batch of " + std::to_string(count));
  }
  std::printf("batch of %zu: same text\n", count);
  return Status::ok();
}

Status checkInvariance(Engine &engine, const std::string &modelFolder) {
  constexpr size_t kTokens = 24;
  TENON_ASSIGN(const auto prompts, readPrompts(modelFolder));
  std::vector<std::vector<int32_t>> expected;
  for (const GoldenPrompt &prompt : prompts) {
    TENON_ASSIGN(auto text, greedyText(engine, prompt.tokens, kTokens));
    for (uint32_t chunk : {1u, 3u, 7u, 64u, 100u}) {
      TENON_ASSIGN(const auto other, greedyText(engine, prompt.tokens, kTokens, chunk));
      if (other != text)
        return failed(prompt.name + ": another text when the prompt is cut into chunks of " + std::to_string(chunk));
    }
    expected.push_back(std::move(text));
  }
  std::printf("chunks of 1, 3, 7, 64, 100: same text for %zu prompts\n", prompts.size());
  TENON_TRY(checkBatch(engine, prompts, expected));
  for (const GoldenPrompt &prompt : prompts) {
    TENON_ASSIGN(const auto once, allLogits(engine, prompt.tokens));
    TENON_ASSIGN(const auto again, allLogits(engine, prompt.tokens));
    if (once != again)
      return failed(prompt.name + ": other bits the second time");
  }
  std::printf("repeated: same bits\n");
  return Status::ok();
}

} // namespace tenon::golden
