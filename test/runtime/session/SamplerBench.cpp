// Time of one sample from 128,256 logits (Llama 3's vocabulary), by kind.
//   cmake --build --preset release --target SamplerBench && build/release/test/runtime/session/SamplerBench
#include "runtime/session/Sampler.h"

#include <algorithm>
#include <benchmark/benchmark.h>
#include <random>

namespace {

constexpr uint32_t kVocab = 128256;

// Trained models' logits: a broad bulk and a few tokens that stand out.
std::vector<float> logits(float spread) {
  std::mt19937 random(1);
  std::normal_distribution<float> bulk(0, spread);
  std::vector<float> values(kVocab);
  for (float &value : values)
    value = bulk(random);
  for (int i = 0; i < 20; ++i)
    values[random() % kVocab] += 12 - 0.5f * i;
  return values;
}

void sample(benchmark::State &state, tenon::SamplingParams params, float spread) {
  std::vector<float> source = logits(spread), row(kVocab);
  tenon::Sampler sampler(params, kVocab);
  for (auto _ : state) {
    std::copy(source.begin(), source.end(), row.begin()); // sampling overwrites; about 20 us of the time
    benchmark::DoNotOptimize(sampler.sample(row));
  }
}

BENCHMARK_CAPTURE(sample, greedy, tenon::SamplingParams{}, 2.5f);
BENCHMARK_CAPTURE(sample, top_k_40, tenon::SamplingParams{.temperature = 0.8f, .topK = 40}, 2.5f);
BENCHMARK_CAPTURE(sample, top_k_40_top_p_0.95, tenon::SamplingParams{.temperature = 0.8f, .topK = 40, .topP = 0.95f},
                  2.5f);
BENCHMARK_CAPTURE(sample, top_k_5000, tenon::SamplingParams{.temperature = 0.8f, .topK = 5000}, 2.5f);
BENCHMARK_CAPTURE(sample, top_p_0.95, tenon::SamplingParams{.temperature = 0.8f, .topP = 0.95f}, 2.5f);
BENCHMARK_CAPTURE(sample, top_p_0.95_flat, tenon::SamplingParams{.temperature = 1.5f, .topP = 0.95f}, 0.5f);
BENCHMARK_CAPTURE(sample, min_p_0.05, tenon::SamplingParams{.temperature = 0.8f, .minP = 0.05f}, 2.5f);
BENCHMARK_CAPTURE(sample, temperature, tenon::SamplingParams{.temperature = 0.8f}, 2.5f);

} // namespace

BENCHMARK_MAIN();
