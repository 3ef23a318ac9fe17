#include "compiler/import/GgufConfig.h"

#include "GgufFile.h"
#include "SafetensorsFile.h"
#include "compiler/families/LlamaConfig.h"
#include "compiler/import/Checkpoint.h"
#include "compiler/import/GgufTensors.h"
#include <functional>
#include <gmock/gmock.h>

using namespace tenon;
using testing::HasSubstr;

namespace {

std::string floats(const std::vector<float> &values) {
  std::string out;
  for (float value : values)
    out += ggufNumber(value);
  return out;
}

// What every file needs; `more` adds entries, `tensors` tensors.
using Edit = std::function<void(GgufFile &)>;
std::string llama(const Edit &more = {}, const Edit &tensors = {}, uint32_t embedding = 48) {
  GgufFile file;
  file.string("general.architecture", "llama").u32("llama.block_count", 3).u32("llama.embedding_length", embedding);
  file.u32("llama.context_length", 4096).u32("llama.feed_forward_length", 128).u32("llama.attention.head_count", 6);
  file.f32("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  if (more)
    more(file);
  file.tensor("token_embd.weight", {embedding, 20}, 1, std::string(embedding * 40, '\0'));
  if (tensors)
    tensors(file);
  return file.text();
}

// The config as the family reads it.
Result<LlamaConfig> read(const std::string &text, std::string *json = nullptr) {
  const std::string name = "m.gguf";
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t *>(text.data()), text.size());
  TENON_ASSIGN(const GgufHeader header, readGgufHeader(bytes, name));
  GgufMetadata metadata(bytes, name, header.entries);
  TENON_ASSIGN(GgufConfig config, readGgufConfig(metadata, header, bytes));
  if (json)
    *json = config.json;
  TENON_ASSIGN(JsonDocument document, parseJson(config.json, name + ", as config.json"));
  TENON_ASSIGN(ConfigReader reader, ConfigReader::open(document));
  return readLlamaConfig(reader);
}

LlamaConfig sound(const Edit &more = {}, const Edit &tensors = {}) {
  auto config = read(llama(more, tensors));
  EXPECT_TRUE(config.isOk()) << config.status().message();
  return config.isOk() ? *config : LlamaConfig();
}

void refused(Code code, const std::string &message, const Edit &more, const Edit &tensors = {},
             uint32_t embedding = 48) {
  auto config = read(llama(more, tensors, embedding));
  ASSERT_FALSE(config.isOk()) << message;
  EXPECT_EQ(config.status().code(), code) << config.status().message();
  EXPECT_THAT(config.status().message(), testing::StartsWith("m.gguf"));
  EXPECT_THAT(config.status().message(), HasSubstr(message));
}

TEST(GgufConfig, ReadsTheLeastThatThereMustBe) {
  const LlamaConfig config = sound();
  EXPECT_EQ(config.modelType, "llama");
  EXPECT_EQ(config.hidden, 48);
  EXPECT_EQ(config.layers, 3);
  EXPECT_EQ(config.heads, 6);
  EXPECT_EQ(config.kvHeads, 6);
  EXPECT_EQ(config.headDim, 8);
  EXPECT_EQ(config.intermediate, 128);
  EXPECT_EQ(config.vocab, 20);
  EXPECT_EQ(config.maxPositions, 4096);
  EXPECT_EQ(config.rmsEps, 1e-5); // the decimal that was meant, not the double nearest to the f32
  EXPECT_TRUE(config.tieEmbeddings);
  EXPECT_FALSE(config.attentionBias);
  EXPECT_FALSE(config.mlpBias);
  EXPECT_EQ(config.rope.kind, RopeKind::Default);
  EXPECT_EQ(config.rope.theta, 10000.0);
}

TEST(GgufConfig, ReadsEverythingElse) {
  const LlamaConfig config = sound(
      [](GgufFile &file) {
        file.u32("llama.attention.head_count_kv", 2).u32("llama.attention.key_length", 16);
        file.u32("llama.attention.value_length", 16).u32("llama.vocab_size", 20);
        file.f32("llama.rope.freq_base", 500000.0f).u32("llama.rope.dimension_count", 16);
        file.u32("llama.expert_count", 0).string("general.type", "model").u32("general.quantization_version", 2);
        file.string("llama.tensor_data_layout", "Meta AI original pth").u32("some.other", 1);
        file.raw("llama.attention.sliding_window", 10, ggufNumber<uint64_t>(1024)); // u64 serves as well
      },
      [](GgufFile &file) {
        file.tensor("output.weight", {48, 20}, 1, std::string(1920, '\0'));
        file.tensor("blk.0.attn_k.bias", {32}, 0, std::string(128, '\0'));
        file.tensor("blk.0.ffn_up.bias", {128}, 0, std::string(512, '\0'));
      });
  EXPECT_EQ(config.modelType, "mistral");
  EXPECT_EQ(config.slidingWindow, 1024);
  EXPECT_EQ(config.kvHeads, 2);
  EXPECT_EQ(config.headDim, 16);
  EXPECT_EQ(config.rope.theta, 500000.0);
  EXPECT_FALSE(config.tieEmbeddings);
  EXPECT_TRUE(config.attentionBias);
  EXPECT_TRUE(config.mlpBias);
}

TEST(GgufConfig, ReadsScaledRope) {
  auto rope = [](const Edit &more) { return sound(more).rope; };
  RopeParameters linear = rope([](GgufFile &f) { f.f32("llama.rope.scaling.factor", 4.0f); });
  EXPECT_EQ(linear.kind, RopeKind::Linear); // a factor without a type
  EXPECT_EQ(linear.factor, 4.0);
  EXPECT_EQ(rope([](GgufFile &f) { f.f32("llama.rope.scale_linear", 2.0f); }).factor, 2.0);
  EXPECT_EQ(rope([](GgufFile &f) {
              f.string("llama.rope.scaling.type", "none").f32("llama.rope.scaling.factor", 4.0f);
            }).kind,
            RopeKind::Default);
  EXPECT_EQ(rope([](GgufFile &f) { f.f32("llama.rope.scaling.factor", 0.0f); }).kind, RopeKind::Default);
  RopeParameters yarn = rope([](GgufFile &f) {
    f.string("llama.rope.scaling.type", "yarn").f32("llama.rope.scaling.factor", 8.0f);
    f.u32("llama.rope.scaling.original_context_length", 512).f32("llama.rope.scaling.yarn_beta_slow", 2.0f);
    f.f32("llama.rope.scaling.yarn_ext_factor", 1.0f);
  });
  EXPECT_EQ(yarn.kind, RopeKind::Yarn);
  EXPECT_EQ(yarn.factor, 8.0);
  EXPECT_EQ(yarn.originalMaxPositions, 512);
  EXPECT_EQ(yarn.betaFast, 32.0);
  EXPECT_EQ(yarn.betaSlow, 2.0);
}

TEST(GgufConfig, ReadsFrequencyFactors) {
  const RopeParameters rope =
      sound({}, [](GgufFile &file) { file.tensor("rope_freqs.weight", {4}, 0, floats({1, 1.5f, 0.1f, 8})); }).rope;
  EXPECT_EQ(rope.kind, RopeKind::LongRope);
  EXPECT_THAT(rope.shortFactors, testing::ElementsAre(1.0, 1.5, static_cast<double>(0.1f), 8.0));
  EXPECT_EQ(rope.longFactors, rope.shortFactors);
  EXPECT_EQ(rope.attentionFactor, 1.0);
}

TEST(GgufConfig, RefusesWhatIsWrong) {
  auto wrong = [](const std::string &message, const Edit &more) { refused(Code::InvalidFile, message, more); };
  EXPECT_THAT(read(GgufFile().text()).status().message(), HasSubstr("general.architecture is missing"));
  EXPECT_THAT(read(GgufFile().string("general.architecture", "llama").text()).status().message(),
              HasSubstr("llama.embedding_length is missing, expected a whole number"));
  wrong("llama.attention.head_count_kv: expected a whole number from 1 to 1073741824, got \"2\"",
        [](GgufFile &f) { f.string("llama.attention.head_count_kv", "2"); });
  wrong("llama.vocab_size: expected the rows of token_embd.weight, 20, got 21",
        [](GgufFile &f) { f.u32("llama.vocab_size", 21); });
  wrong("llama.rope.freq_base: expected a number (f32) from 1 to 1e+12, got NaN",
        [](GgufFile &f) { f.f32("llama.rope.freq_base", std::numeric_limits<float>::quiet_NaN()); });
  wrong(", got -inf", [](GgufFile &f) { f.f32("llama.rope.freq_base", -std::numeric_limits<float>::infinity()); });
  wrong("llama.rope.freq_base: expected a number (f32)", [](GgufFile &f) { f.u32("llama.rope.freq_base", 10000); });
  wrong("num_key_value_heads: expected a divisor of num_attention_heads, 6",
        [](GgufFile &f) { f.u32("llama.attention.head_count_kv", 4); });
  refused(Code::InvalidFile, "llama.embedding_length: expected a multiple of llama.attention.head_count, 6", {}, {},
          50);
  refused(Code::InvalidFile, "rope_freqs.weight: expected 4 numbers of type F32", {},
          [](GgufFile &f) { f.tensor("rope_freqs.weight", {5}, 0, floats({1, 1, 1, 1, 1})); });
  refused(Code::InvalidFile, "rope_freqs.weight: expected positive numbers", {},
          [](GgufFile &f) { f.tensor("rope_freqs.weight", {4}, 0, floats({1, 0, 1, 1})); });
}

TEST(GgufConfig, RefusesWhatItDoesNotKnow) {
  auto unknown = [](const std::string &message, const Edit &more) { refused(Code::Unsupported, message, more); };
  auto other = read(GgufFile().string("general.architecture", "mamba").text());
  EXPECT_EQ(other.status().code(), Code::Unsupported);
  EXPECT_THAT(other.status().message(), HasSubstr("expected a model that Tenon knows, \"llama\", got \"mamba\""));
  unknown("byte ", [](GgufFile &f) { f.u32("llama.brand_new", 1); });
  unknown("llama.brand_new = [1, 2, 3, 4, 5, 6, ... 7 in all] is not known and may change",
          [](GgufFile &f) { f.numbers<uint8_t>("llama.brand_new", 0, {1, 2, 3, 4, 5, 6, 7}); });
  unknown("llama.expert_count: expected 0", [](GgufFile &f) { f.u32("llama.expert_count", 8); });
  unknown("split.count: expected a whole model", [](GgufFile &f) { f.u32("split.count", 3); });
  unknown("general.type: expected \"model\", got \"adapter\"",
          [](GgufFile &f) { f.string("general.type", "adapter"); });
  unknown("general.quantization_version", [](GgufFile &f) { f.u32("general.quantization_version", 1); });
  unknown("llama.attention.head_count_kv: expected one number for all layers",
          [](GgufFile &f) { f.numbers<uint32_t>("llama.attention.head_count_kv", 4, {2, 2, 1}); });
  unknown("llama.attention.value_length: expected the size of a key head, 8",
          [](GgufFile &f) { f.u32("llama.attention.value_length", 16); });
  unknown("llama.rope.dimension_count: expected the size of a head, 8",
          [](GgufFile &f) { f.u32("llama.rope.dimension_count", 4); });
  unknown("llama.rope.scaling.type: expected one of none, linear, yarn",
          [](GgufFile &f) { f.string("llama.rope.scaling.type", "longrope").f32("llama.rope.scaling.factor", 2.0f); });
  unknown("llama.logit_scale: expected 1", [](GgufFile &f) { f.f32("llama.logit_scale", 0.5f); });
  unknown("llama.attention.causal: expected true", [](GgufFile &f) { f.boolean("llama.attention.causal", false); });
  refused(
      Code::Unsupported, "no scaling beside the factors of rope_freqs.weight",
      [](GgufFile &f) { f.f32("llama.rope.scaling.factor", 2.0f); },
      [](GgufFile &f) { f.tensor("rope_freqs.weight", {4}, 0, floats({1, 1, 1, 1})); });
}

TEST(GgufTensors, HaveTheFamilysNames) {
  EXPECT_EQ(modelTensorName("token_embd.weight"), "model.embed_tokens.weight");
  EXPECT_EQ(modelTensorName("output.weight"), "lm_head.weight");
  EXPECT_EQ(modelTensorName("output_norm.weight"), "model.norm.weight");
  EXPECT_EQ(modelTensorName("blk.12.attn_output.bias"), "model.layers.12.self_attn.o_proj.bias");
  EXPECT_EQ(modelTensorName("blk.0.ffn_norm.weight"), "model.layers.0.post_attention_layernorm.weight");
  for (const char *other :
       {"", ".", "blk", "blk.weight", "blk.0.weight", "blk.01.attn_q.weight", "blk.-1.attn_q.weight",
        "blk.1234567.attn_q.weight", "blk.0.attn_q.scale", "blk.0.attn_qkv.weight", "output"})
    EXPECT_EQ(modelTensorName(other), std::nullopt) << other;
}

TEST(GgufTensors, TwoThatBecomeOneAreRefused) {
  GgufFile file;
  file.tensor("output_norm.weight", {4}, 0, std::string(16, '\0'));
  file.tensor("model.norm.weight", {4}, 0, std::string(16, '\0'));
  Folder folder;
  folder.write("m.gguf", file.text());
  auto mapped = io::MappedFile::open(folder / "m.gguf");
  const auto header = readGgufHeader(mapped->bytes(), "m.gguf");
  ASSERT_TRUE(header.isOk()) << header.status().message();
  auto tensors = ggufTensors(*header, 1, 1);
  auto checkpoint = Checkpoint::ofFile({"m.gguf", *std::move(mapped)}, tensors);
  EXPECT_EQ(checkpoint.status().code(), Code::InvalidFile);
  EXPECT_THAT(checkpoint.status().message(), HasSubstr("are both model.norm.weight of the model"));
}

TEST(GgufTensors, MessagesNameTheFilesOwnTensor) {
  GgufFile file;
  file.tensor("blk.0.attn_q.weight", {4, 6}, 0, std::string(96, '\0'));
  file.tensor("blk.0.attn_k.weight", {256, 2}, 12, std::string(288, '\0'));
  Folder folder;
  folder.write("m.gguf", file.text());
  auto mapped = io::MappedFile::open(folder / "m.gguf");
  const auto header = readGgufHeader(mapped->bytes(), "m.gguf");
  auto checkpoint = Checkpoint::ofFile({"m.gguf", *std::move(mapped)}, ggufTensors(*header, 1, 1));
  ASSERT_TRUE(checkpoint.isOk());
  const int64_t wrong[] = {6, 5}, right[] = {2, 256};
  EXPECT_THAT(checkpoint->require("model.layers.0.self_attn.q_proj.weight", wrong).status().message(),
              HasSubstr("has shape [6, 4], expected [6, 5]\n  in m.gguf as blk.0.attn_q.weight, header byte 24"));
  auto quantized = checkpoint->require("model.layers.0.self_attn.k_proj.weight", right);
  EXPECT_EQ(quantized.status().code(), Code::Unsupported);
  EXPECT_THAT(quantized.status().message(),
              HasSubstr("has elements of type Q4_K, expected BF16, F16 or F32, or GGUF's"));
}

} // namespace
