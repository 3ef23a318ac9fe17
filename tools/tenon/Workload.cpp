#include "tools/tenon/Workload.h"

#include <algorithm>
#include <chrono>

namespace tenon::cli {
namespace {

class Discard final : public LogitsSink {
public:
  void row(size_t, size_t, std::span<float>) override {}
};

int32_t madeUpToken(uint32_t position, uint32_t vocab) {
  return static_cast<int32_t>((position * 2654435761u >> 8) % vocab);
}

double secondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

Result<Workload> Workload::create(Engine &engine, uint32_t batch, uint32_t context) {
  Workload work(engine);
  work.context_ = context;
  for (uint32_t i = 0; i < batch; ++i) {
    TENON_ASSIGN(const SequenceId id, engine.createSequence());
    work.sequences_.push_back(id);
    if (context)
      TENON_TRY(work.fill(id, context, 0));
  }
  return work;
}

Workload::Workload(Workload &&other) noexcept
    : engine_(other.engine_), sequences_(std::move(other.sequences_)), context_(other.context_) {
  other.sequences_.clear();
}

Workload::~Workload() {
  for (SequenceId id : sequences_)
    (void)engine_->freeSequence(id);
}

Status Workload::fill(SequenceId id, uint32_t count, uint32_t logitRows) {
  const EngineLimits limits = engine_->limits();
  Discard sink;
  std::vector<int32_t> tokens;
  for (uint32_t at = 0; at < count; at += static_cast<uint32_t>(tokens.size())) {
    tokens.clear();
    for (uint32_t i = at; i < std::min(count, at + limits.maxRows); ++i)
      tokens.push_back(madeUpToken(i, limits.vocab));
    const StepItem item{id, tokens, at + tokens.size() == count ? logitRows : 0};
    TENON_TRY(engine_->step({&item, 1}, sink));
  }
  return Status::ok();
}

Result<double> Workload::prefill(uint32_t tokens) {
  // A sequence that decodes, since the engine may have no slot left for another.
  const SequenceId id = sequences_.front();
  TENON_TRY(engine_->truncate(id, 0));
  const auto start = std::chrono::steady_clock::now();
  TENON_TRY(fill(id, tokens, 1));
  const double seconds = secondsSince(start);
  TENON_TRY(engine_->truncate(id, 0));
  return seconds;
}

Status Workload::refill() { return context_ ? fill(sequences_.front(), context_, 0) : Status::ok(); }

Result<double> Workload::decode(uint32_t steps) {
  Discard sink;
  std::vector<int32_t> tokens(sequences_.size());
  std::vector<StepItem> items;
  for (size_t i = 0; i < sequences_.size(); ++i)
    items.push_back({sequences_[i], {&tokens[i], 1}, 1});
  const auto start = std::chrono::steady_clock::now();
  for (uint32_t step = 0; step < steps; ++step) {
    for (size_t i = 0; i < tokens.size(); ++i)
      tokens[i] = madeUpToken(context_ + step + static_cast<uint32_t>(i) * 977, engine_->limits().vocab);
    TENON_TRY(engine_->step(items, sink));
  }
  const double seconds = secondsSince(start);
  for (SequenceId id : sequences_)
    TENON_TRY(engine_->truncate(id, context_));
  return seconds;
}

} // namespace tenon::cli
