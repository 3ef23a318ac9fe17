// The sampler against a plain one that sorts everything in double precision.
#include "runtime/session/Sampler.h"

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <limits>
#include <map>
#include <numeric>
#include <random>

namespace tenon {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
using Logits = std::vector<float>;

Logits randomLogits(size_t vocab, uint32_t seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, spread);
  Logits logits(vocab);
  for (float &logit : logits)
    logit = normal(random);
  return logits;
}

// Probabilities of the tokens that the parameters leave.
std::map<int32_t, double> reference(const Logits &logits, const SamplingParams &params) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](int32_t a, int32_t b) { return logits[a] > logits[b] || (logits[a] == logits[b] && a < b); });
  if (params.topK > 0 && params.topK < order.size())
    order.resize(params.topK);
  std::vector<double> weights;
  double total = 0;
  for (int32_t token : order) {
    weights.push_back(std::exp((double(logits[token]) - logits[order[0]]) / params.temperature));
    total += weights.back();
  }
  std::map<int32_t, double> kept;
  double sum = 0, keptTotal = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    if (i > 0 && params.topP < 1 && sum >= params.topP * total)
      break;
    sum += weights[i];
    if (weights[i] >= params.minP)
      keptTotal += kept[order[i]] = weights[i];
  }
  for (auto &[token, weight] : kept)
    weight /= keptTotal;
  return kept;
}

int32_t once(const SamplingParams &params, Logits logits) {
  return Sampler(params, static_cast<uint32_t>(logits.size())).sample(logits);
}

TEST(Sampler, GreedyTakesTheLowestOfTheLargest) {
  EXPECT_EQ(once({}, {1, 3, 2, 3}), 1);
  EXPECT_EQ(once({}, {kNaN, -kInf, -5, kNaN, -4}), 4);
  EXPECT_EQ(once({}, {kNaN, kInf, kInf}), 1);
  EXPECT_EQ(once({}, {-kInf, -kInf}), 0);
  EXPECT_EQ(once({}, {kNaN, kNaN}), 0);
  Logits many(1000, -1);
  many[998] = many[999] = 0;
  EXPECT_EQ(once({}, many), 998);
}

TEST(Sampler, NeverChoosesWhatIsImpossible) {
  for (SamplingParams params : {SamplingParams{.temperature = 1},
                                {.temperature = 1, .topK = 3},
                                {.temperature = 1, .topP = 0.9f},
                                {.temperature = 1, .minP = 0.001f},
                                {.temperature = 1, .topK = 4, .topP = 0.99f, .minP = 0.001f}}) {
    for (params.seed = 0; params.seed < 200; ++params.seed) {
      EXPECT_EQ(once(params, {kNaN, -kInf, 2, kNaN, -kInf}), 2);
      EXPECT_EQ(once(params, {kNaN, -1, kInf, kInf, 0}), 2);
      EXPECT_EQ(once(params, {-kInf, kNaN, -kInf, -kInf, -kInf}), 0);
    }
  }
}

TEST(Sampler, DrawsFromTheDistributionThatTheParametersLeave) {
  constexpr int kDraws = 5000;
  struct Case {
    size_t vocab;
    float spread;
    SamplingParams params;
  } cases[] = {
      {50, 2, {.temperature = 1}},
      {50, 2, {.temperature = 0.5f}},
      {50, 2, {.temperature = 1, .topK = 5}},
      {50, 2, {.temperature = 2, .topK = 50}},
      {50, 2, {.temperature = 1, .topP = 0.6f}},
      {50, 2, {.temperature = 1, .topP = 0}},
      {50, 2, {.temperature = 1, .minP = 0.1f}},
      {50, 2, {.temperature = 1, .topK = 20, .topP = 0.8f, .minP = 0.05f}},
      {3000, 3, {.temperature = 1, .topP = 0.7f}},
      {3000, 0.01f, {.temperature = 1, .topP = 0.01f}}, // flat: many candidates
      {3000, 0.01f, {.temperature = 1, .topP = 0.5f}},
      {3000, 3, {.temperature = 1, .topK = 1500, .topP = 0.5f}},
      {3000, 6, {.temperature = 1}},
  };
  for (const Case &c : cases) {
    Logits logits = randomLogits(c.vocab, 7, c.spread);
    std::map<int32_t, double> expected = reference(logits, c.params);
    Sampler sampler(c.params, c.vocab);
    std::map<int32_t, int> counts;
    for (int i = 0; i < kDraws; ++i) {
      Logits copy = logits;
      ++counts[sampler.sample(copy)];
    }
    for (auto [token, count] : counts)
      EXPECT_TRUE(expected.count(token)) << "token " << token << " must not be drawn";
    for (auto [token, probability] : expected) {
      double sigma = std::sqrt(kDraws * probability * (1 - probability));
      EXPECT_NEAR(counts[token], kDraws * probability, 5 * sigma + 1) << "token " << token << " of " << c.vocab;
    }
  }
}

// A heap up to k = 1024, a selection above; both keep what a full sort would, ties by id.
TEST(Sampler, TopKKeepsTheLargest) {
  Logits logits = randomLogits(5000, 3, 1);
  for (float &logit : logits)
    logit = std::round(logit * 8) / 8; // many ties
  for (uint32_t k : {1u, 2u, 40u, 1024u, 1025u, 4999u}) {
    SamplingParams params{.temperature = 100, .topK = k};
    std::map<int32_t, double> expected = reference(logits, params);
    ASSERT_EQ(expected.size(), k);
    Sampler sampler(params, logits.size());
    std::map<int32_t, int> seen;
    for (int i = 0; i < 2000; ++i) {
      Logits copy = logits;
      int32_t token = sampler.sample(copy);
      ASSERT_TRUE(expected.count(token)) << k;
      ++seen[token];
    }
    EXPECT_GE(seen.size(), std::min<size_t>(k, 300));
  }
}

TEST(Sampler, TheSameSeedDrawsTheSame) {
  auto draw = [](uint64_t seed) {
    Sampler sampler({.temperature = 1, .topP = 0.95f, .seed = seed}, 1000);
    std::vector<int32_t> tokens;
    for (uint32_t i = 0; i < 50; ++i) {
      Logits logits = randomLogits(1000, i, 1);
      tokens.push_back(sampler.sample(logits));
    }
    return tokens;
  };
  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
  EXPECT_NE(draw(0), draw(~0ull));
}

TEST(Sampler, PenalizesWhatWasAccepted) {
  Sampler sampler({.repetitionPenalty = 2}, 4);
  Logits logits{4, 3, -1, -1.5f};
  sampler.accept(0);
  sampler.accept(0); // counts once
  Logits copy = logits;
  EXPECT_EQ(sampler.sample(copy), 1);
  EXPECT_EQ(copy, (Logits{2, 3, -1, -1.5f}));
  sampler.accept(2);
  copy = logits;
  sampler.sample(copy);
  EXPECT_EQ(copy, (Logits{2, 3, -2, -1.5f}));
  sampler.forget();
  copy = logits;
  EXPECT_EQ(sampler.sample(copy), 0);
}

TEST(Sampler, ChecksItsParameters) {
  EXPECT_TRUE(SamplingParams{}.check().isOk());
  for (SamplingParams params : {SamplingParams{.temperature = -1},
                                {.temperature = kNaN},
                                {.temperature = kInf},
                                {.topP = -0.1f},
                                {.topP = 1.1f},
                                {.topP = kNaN},
                                {.minP = 2},
                                {.minP = kNaN},
                                {.repetitionPenalty = 0},
                                {.repetitionPenalty = -1},
                                {.repetitionPenalty = kInf}})
    EXPECT_EQ(params.check().code(), Code::Usage);
}

// Very low temperatures are greedy in the limit and divide by nearly nothing.
TEST(Sampler, StandsTinyTemperatures) {
  for (float temperature : {1e-3f, 1e-30f, std::numeric_limits<float>::denorm_min()})
    for (SamplingParams params : {SamplingParams{.temperature = temperature},
                                  {.temperature = temperature, .topK = 3},
                                  {.temperature = temperature, .topP = 0.9f}})
      EXPECT_EQ(once(params, {1, 5, 4.9f, -kInf, 0}), 1);
}

} // namespace
} // namespace tenon
