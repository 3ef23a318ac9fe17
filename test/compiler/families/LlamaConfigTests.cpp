#include "compiler/families/LlamaConfig.h"
#include "runtime/io/MappedFile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

using namespace tenon;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

using Keys = std::map<std::string, std::string>; // key -> JSON text

const Keys kLlama = {{"model_type", "\"llama\""},
                     {"architectures", "[\"LlamaForCausalLM\"]"},
                     {"hidden_size", "64"},
                     {"num_hidden_layers", "2"},
                     {"num_attention_heads", "4"},
                     {"num_key_value_heads", "2"},
                     {"intermediate_size", "128"},
                     {"vocab_size", "256"},
                     {"max_position_embeddings", "512"},
                     {"rms_norm_eps", "1e-5"}};

// `changes` replace keys of the base; an empty text removes one.
Keys with(Keys keys, const Keys &changes) {
  for (auto &[key, text] : changes)
    if (text.empty())
      keys.erase(key);
    else
      keys[key] = text;
  return keys;
}

Result<LlamaConfig> read(const Keys &keys) {
  std::string text;
  for (auto &[key, value] : keys)
    text += (text.empty() ? "{\"" : ",\"") + key + "\":" + value;
  auto document = parseJson(text + "}", "config.json");
  EXPECT_TRUE(document.isOk()) << document.status().message();
  auto reader = ConfigReader::open(*document);
  EXPECT_TRUE(reader.isOk());
  return readLlamaConfig(*reader);
}

LlamaConfig accepted(const Keys &changes) {
  auto config = read(with(kLlama, changes));
  EXPECT_TRUE(config.isOk()) << config.status().message();
  return config.isOk() ? *config : LlamaConfig();
}

Result<LlamaConfig> readFile(const std::string &name) {
  auto file = io::MappedFile::open(TENON_TEST_DATA "/models/" + name);
  EXPECT_TRUE(file.isOk()) << file.status().message();
  auto document = parseJson({reinterpret_cast<const char *>(file->bytes().data()), file->size()}, "config.json");
  EXPECT_TRUE(document.isOk()) << document.status().message();
  auto reader = ConfigReader::open(*document);
  return readLlamaConfig(*reader);
}

TEST(LlamaConfig, ReadsBothSpellingsOfTheTestModels) {
  for (const char *name : {"verse-7m", "verse-7m-outliers", "verse-1m", "verse-1m-sharded"}) {
    auto config = readFile(std::string(name) + "/config.json");
    ASSERT_TRUE(config.isOk()) << name << ": " << config.status().message();
    EXPECT_EQ(config->headDim, 32) << name;
    EXPECT_EQ(config->vocab, 4096);
    EXPECT_EQ(config->maxPositions, 1024);
    EXPECT_EQ(config->rope.kind, RopeKind::Default);
    EXPECT_EQ(config->rope.theta, 10000.0);
    EXPECT_EQ(config->dtype, TensorType::BF16);
    EXPECT_TRUE(config->tieEmbeddings);
    EXPECT_THAT(config->eosIds, ElementsAre(4089));
    EXPECT_THAT(config->bosIds, ElementsAre(4088));
  }
}

TEST(LlamaConfig, ReadsPublishedConfigs) {
  struct {
    const char *file;
    int64_t hidden, layers, heads, kvHeads, headDim, intermediate, vocab;
    bool tied;
    RopeKind rope;
  } const cases[] = {{"llama-3.2-1b", 2048, 16, 32, 8, 64, 8192, 128256, true, RopeKind::Llama3},
                     {"llama-3-8b", 4096, 32, 32, 8, 128, 14336, 128256, false, RopeKind::Default},
                     {"llama-3-70b", 8192, 80, 64, 8, 128, 28672, 128256, false, RopeKind::Default},
                     {"tinyllama-1.1b", 2048, 22, 32, 4, 64, 5632, 32000, false, RopeKind::Default}};
  for (auto &c : cases) {
    auto config = readFile(std::string("configs/") + c.file + ".json");
    ASSERT_TRUE(config.isOk()) << c.file << ": " << config.status().message();
    EXPECT_THAT((std::vector<int64_t>{config->hidden, config->layers, config->heads, config->kvHeads, config->headDim,
                                      config->intermediate, config->vocab}),
                ElementsAre(c.hidden, c.layers, c.heads, c.kvHeads, c.headDim, c.intermediate, c.vocab))
        << c.file;
    EXPECT_EQ(config->tieEmbeddings, c.tied);
    EXPECT_EQ(config->rope.kind, c.rope);
  }
  auto llama32 = readFile("configs/llama-3.2-1b.json");
  EXPECT_EQ(llama32->rope.factor, 32.0);
  EXPECT_EQ(llama32->rope.originalMaxPositions, 8192);
  EXPECT_EQ(llama32->rope.theta, 500000.0);
}

TEST(LlamaConfig, FillsInWhatOlderConfigsLeaveOut) {
  LlamaConfig config = accepted({{"num_key_value_heads", ""}, {"architectures", ""}, {"rope_scaling", "null"}});
  EXPECT_EQ(config.kvHeads, 4);
  EXPECT_EQ(config.headDim, 16);
  EXPECT_EQ(config.activation, Activation::Silu);
  EXPECT_FALSE(config.tieEmbeddings || config.attentionBias || config.mlpBias);
  EXPECT_EQ(config.rope.theta, 10000.0);
  EXPECT_FALSE(config.dtype.has_value());
  EXPECT_TRUE(config.eosIds.empty());
}

TEST(LlamaConfig, ReadsEveryField) {
  LlamaConfig config = accepted({{"head_dim", "48"},
                                 {"num_key_value_heads", "1"},
                                 {"hidden_act", "\"gelu_pytorch_tanh\""},
                                 {"attention_bias", "true"},
                                 {"mlp_bias", "true"},
                                 {"tie_word_embeddings", "true"},
                                 {"eos_token_id", "[7, 9, 7]"},
                                 {"bos_token_id", "0"},
                                 {"torch_dtype", "\"float16\""},
                                 {"dtype", "\"float16\""},
                                 {"layer_types", "[\"full_attention\",\"full_attention\"]"}});
  EXPECT_EQ(config.headDim, 48);
  EXPECT_EQ(config.kvHeads, 1);
  EXPECT_EQ(config.activation, Activation::GeluTanh);
  EXPECT_TRUE(config.attentionBias && config.mlpBias && config.tieEmbeddings);
  EXPECT_THAT(config.eosIds, ElementsAre(7, 9));
  EXPECT_THAT(config.bosIds, ElementsAre(0));
  EXPECT_EQ(config.dtype, TensorType::F16);
  EXPECT_EQ(config.rmsEps, 1e-5);
}

TEST(LlamaConfig, BothRopeSpellingsMeanTheSame) {
  std::string yarn = R"("factor":4,"original_max_position_embeddings":128,"beta_fast":16,"beta_slow":2,"mscale":1,)"
                     R"("mscale_all_dim":0.5,"attention_factor":0.9,"truncate":false})";
  auto four = accepted({{"rope_theta", "5e5"}, {"rope_scaling", R"({"type":"yarn",)" + yarn}}).rope;
  auto five = accepted({{"rope_parameters", R"({"rope_type":"yarn","rope_theta":500000,)" + yarn}}).rope;
  auto both = accepted({{"rope_theta", "5e5"},
                        {"rope_scaling", R"({"rope_type":"yarn","type":"yarn",)" + yarn},
                        {"rope_parameters", R"({"rope_type":"yarn","rope_theta":500000,)" + yarn}})
                  .rope;
  for (auto &rope : {four, five, both}) {
    EXPECT_EQ(rope.kind, RopeKind::Yarn);
    EXPECT_EQ(rope.theta, 5e5);
    EXPECT_EQ(rope.factor, 4);
    EXPECT_EQ(rope.originalMaxPositions, 128);
    EXPECT_EQ(rope.betaFast, 16);
    EXPECT_EQ(rope.betaSlow, 2);
    EXPECT_EQ(rope.mscale, 1.0);
    EXPECT_EQ(rope.mscaleAllDim, 0.5);
    EXPECT_EQ(rope.attentionFactor, 0.9);
    EXPECT_FALSE(rope.truncate);
  }
}

TEST(LlamaConfig, MistralWithoutAWindowIsALlama) {
  Keys mistral = {{"model_type", "\"mistral\""}, {"architectures", "[\"MistralForCausalLM\"]"}};
  EXPECT_FALSE(accepted(with(mistral, {{"sliding_window", "null"}})).slidingWindow);
  LlamaConfig windowed = accepted(with(mistral, {{"sliding_window", "300"}}));
  EXPECT_EQ(windowed.slidingWindow, 300);
  EXPECT_TRUE(checkContext(windowed, 300).isOk());
  EXPECT_EQ(checkContext(windowed, 301).code(), Code::Unsupported);
  EXPECT_THAT(checkContext(windowed, 301).message(), HasSubstr("last 300 tokens"));
  EXPECT_THAT(checkContext(windowed, 301).message(), HasSubstr("expected at most 300"));
  EXPECT_EQ(accepted(mistral).slidingWindow, 4096); // what its Python class assumes
  EXPECT_TRUE(checkContext(accepted({}), 1 << 20).isOk());
  EXPECT_THAT(read(with(with(kLlama, mistral), {{"num_key_value_heads", ""}})).status().message(),
              HasSubstr("num_key_value_heads: expected a whole number"));
}

struct Refusal {
  Keys changes;
  Code code;
  std::string message; // a part of it
};

void PrintTo(const Refusal &refusal, std::ostream *out) { *out << refusal.message; }

class Refused : public testing::TestWithParam<Refusal> {};
TEST_P(Refused, WithCodeAndMessage) {
  auto config = read(with(kLlama, GetParam().changes));
  ASSERT_FALSE(config.isOk()) << "accepted " << GetParam().message;
  EXPECT_EQ(config.status().code(), GetParam().code) << config.status().message();
  EXPECT_THAT(config.status().message(), HasSubstr("config.json: " + GetParam().message));
}

const Code kBad = Code::InvalidFile, kUnknown = Code::Unsupported;
INSTANTIATE_TEST_SUITE_P(
    LlamaConfig, Refused,
    testing::Values(
        Refusal{{{"num_hidden_layers", "\"thirty-two\""}},
                kBad,
                "num_hidden_layers: expected a whole number from 1 to 1024, got \"thirty-two\""},
        Refusal{{{"num_hidden_layers", "0"}}, kBad, "num_hidden_layers: expected a whole number from 1 to 1024, got 0"},
        Refusal{
            {{"num_hidden_layers", "2.0"}}, kBad, "num_hidden_layers: expected a whole number from 1 to 1024, got 2.0"},
        Refusal{{{"num_hidden_layers", ""}},
                kBad,
                "num_hidden_layers: expected a whole number from 1 to 1024, got nothing: the key is missing"},
        Refusal{{{"num_hidden_layers", "1000000"}}, kBad, "num_hidden_layers: expected a whole number from 1 to 1024"},
        Refusal{{{"hidden_size", "-64"}}, kBad, "hidden_size: expected a whole number from 1 to 1048576, got -64"},
        Refusal{{{"hidden_size", "99999999999999999999"}}, kBad, "hidden_size: expected a whole number"},
        Refusal{
            {{"hidden_size", "[64]"}}, kBad, "hidden_size: expected a whole number from 1 to 1048576, got an array"},
        Refusal{{{"hidden_size", "66"}}, kBad, "hidden_size: expected a multiple of num_attention_heads, 4"},
        Refusal{{{"hidden_size", "60"}}, kBad, "hidden_size: expected num_attention_heads (4) times an even head size"},
        Refusal{{{"num_attention_heads", "3"}},
                kBad,
                "num_key_value_heads: expected a divisor of num_attention_heads, 3, got 2"},
        Refusal{{{"num_key_value_heads", "3"}},
                kBad,
                "num_key_value_heads: expected a divisor of num_attention_heads, 4, got 3"},
        Refusal{{{"num_key_value_heads", "0"}}, kBad, "num_key_value_heads: expected a whole number from 1"},
        Refusal{{{"head_dim", "15"}}, kBad, "head_dim: expected an even number"},
        Refusal{{{"head_dim", "0"}}, kBad, "head_dim: expected a whole number from 1"},
        Refusal{{{"head_dim", "8192"}, {"num_attention_heads", "65536"}},
                kBad,
                "num_attention_heads times the head size is"},
        Refusal{{{"vocab_size", "true"}}, kBad, "vocab_size: expected a whole number from 1 to 16777216, got true"},
        Refusal{{{"intermediate_size", "{}"}}, kBad, "intermediate_size: expected a whole number from 1"},
        Refusal{{{"max_position_embeddings", "null"}}, kBad, "max_position_embeddings: expected a whole number from 1"},
        Refusal{{{"rms_norm_eps", "0"}}, kBad, "rms_norm_eps: expected a number from 1e-30 to 1, got 0"},
        Refusal{{{"rms_norm_eps", "\"1e-5\""}}, kBad, "rms_norm_eps: expected a number from 1e-30 to 1, got \"1e-5\""},
        Refusal{{{"tie_word_embeddings", "1"}}, kBad, "tie_word_embeddings: expected true or false, got 1"},
        Refusal{{{"hidden_act", "\"swiglu\""}}, kUnknown, "hidden_act: expected one of silu, gelu, "},
        Refusal{{{"hidden_act", "7"}}, kBad, "hidden_act: expected a string, got 7"},
        Refusal{{{"model_type", "\"mamba\""}}, kUnknown, "model_type: expected llama or mistral, got \"mamba\""},
        Refusal{{{"model_type", ""}}, kBad, "model_type: expected a string, got nothing"},
        Refusal{{{"architectures", "[\"LlamaForSequenceClassification\"]"}},
                kUnknown,
                "architectures[0]: expected a ...ForCausalLM"},
        Refusal{{{"architectures", "\"LlamaForCausalLM\""}}, kBad, "architectures: expected an array"},
        Refusal{{{"eos_token_id", "256"}}, kBad, "eos_token_id: expected a whole number from 0 to 255, got 256"},
        Refusal{{{"eos_token_id", "[1,-1]"}}, kBad, "eos_token_id[1]: expected a whole number from 0 to 255, got -1"},
        Refusal{
            {{"bos_token_id", "\"<s>\""}}, kBad, "bos_token_id: expected a whole number from 0 to 255, got \"<s>\""},
        Refusal{{{"torch_dtype", "\"float8_e4m3fn\""}},
                kUnknown,
                "torch_dtype: expected one of bfloat16, float16, float32"},
        Refusal{{{"torch_dtype", "\"float16\""}, {"dtype", "\"float32\""}},
                kBad,
                "dtype: expected the same type as torch_dtype"},
        Refusal{{{"layer_types", "[\"full_attention\",\"sliding_attention\"]"}},
                kUnknown,
                "layer_types[1]: expected \"full_attention\""},
        Refusal{{{"layer_types", "[\"full_attention\"]"}},
                kBad,
                "layer_types: expected 2 entries (num_hidden_layers), got 1"}));

INSTANTIATE_TEST_SUITE_P(
    RopeParameters, Refused,
    testing::Values(
        Refusal{{{"rope_theta", "0"}}, kBad, "rope_theta: expected a number from 1 to"},
        Refusal{{{"rope_scaling", "4"}}, kBad, "rope_scaling: expected an object, got 4"},
        Refusal{{{"rope_scaling", R"({"type":"su"})"}},
                kUnknown,
                "rope_scaling.type: expected one of default, linear, dynamic, llama3, yarn, longrope, got \"su\""},
        Refusal{{{"rope_scaling", R"({"rope_type":"longrope"})"}},
                kBad,
                "rope_scaling.short_factor: expected an array of numbers, one for every two sizes of a head"},
        Refusal{{{"rope_scaling", R"({"rope_type":"longrope","short_factor":[1,2],"long_factor":[1,0]})"}},
                kBad,
                "rope_scaling.long_factor[1]: expected a number from 1e-06 to"},
        Refusal{{{"rope_scaling", R"({"rope_type":"longrope","short_factor":[1,2],"long_factor":[1]})"}},
                kBad,
                "rope_scaling.long_factor: expected as many numbers as short_factor has, 2"},
        Refusal{{{"rope_scaling", R"({"rope_type":"longrope","short_factor":[1,2],"long_factor":[1,2]})"}},
                kBad,
                "the rotary embedding has 2 factors (short_factor), expected half the size of a head, 8"},
        Refusal{{{"rope_scaling", R"({"type":"linear"})"}},
                kBad,
                "rope_scaling.factor: expected a number from 1 to 1e+06, got nothing"},
        Refusal{{{"rope_scaling", R"({"type":"linear","factor":0.5})"}},
                kBad,
                "rope_scaling.factor: expected a number from 1"},
        Refusal{{{"rope_scaling", R"({"type":"linear","factor":"2"})"}},
                kBad,
                "rope_scaling.factor: expected a number from 1"},
        Refusal{{{"rope_scaling", R"({"type":"linear","rope_type":"yarn","factor":2})"}},
                kBad,
                "rope_scaling.type: expected the same as rope_type \"yarn\""},
        Refusal{{{"rope_scaling", R"({"type":"linear","factor":2,"beta_fast":1})"}},
                kUnknown,
                "rope_scaling.beta_fast: this key with value 1 is not known"},
        Refusal{{{"rope_scaling", R"({"type":"default","mrope_section":[1]})"}},
                kUnknown,
                "rope_scaling.mrope_section: this key with value an array is not known"},
        Refusal{{{"rope_scaling", R"({"type":"linear","factor":2,"partial_rotary_factor":0.5})"}},
                kUnknown,
                "rope_scaling.partial_rotary_factor: expected 1"},
        Refusal{{{"rope_scaling", R"({"rope_type":"llama3","factor":8,"low_freq_factor":4,"high_freq_factor":4})"}},
                kBad,
                "rope_scaling.low_freq_factor: expected less than high_freq_factor, 4, got 4"},
        Refusal{{{"rope_scaling", R"({"rope_type":"llama3","factor":8,"high_freq_factor":4})"}},
                kBad,
                "rope_scaling.low_freq_factor: expected a number"},
        Refusal{{{"rope_scaling", R"({"rope_type":"yarn","factor":8,"beta_fast":1,"beta_slow":2})"}},
                kBad,
                "rope_scaling.beta_fast: expected at least beta_slow, 2, got 1"},
        Refusal{{{"rope_scaling", R"({"rope_type":"yarn","original_max_position_embeddings":1024})"}},
                kBad,
                "rope_scaling.original_max_position_embeddings: expected at most max_position_embeddings, 512, as "
                "there is no factor"},
        Refusal{{{"rope_theta", "1"}, {"rope_scaling", R"({"rope_type":"yarn","factor":8})"}},
                kBad,
                "yarn needs a rope_theta above 1, got 1"},
        Refusal{{{"rope_theta", "10000"}, {"rope_parameters", R"({"rope_theta":500000,"rope_type":"default"})"}},
                kBad,
                "rope_parameters.rope_theta: expected the 10000 that stands elsewhere in the file, got 500000"},
        Refusal{{{"rope_scaling", R"({"type":"linear","factor":2})"},
                 {"rope_parameters", R"({"rope_theta":10000,"rope_type":"linear","factor":4})"}},
                kBad,
                "rope_parameters: expected the same position embedding as in rope_scaling"},
        Refusal{{{"rope_parameters", R"({"full_attention":{"rope_theta":10000}})"}},
                kUnknown,
                "rope_parameters.full_attention: this key"}));

INSTANTIATE_TEST_SUITE_P(
    UnknownKeys, Refused,
    testing::Values(Refusal{{{"qk_norm", "true"}}, kUnknown, "qk_norm: this key with value true is not known to Tenon"},
                    Refusal{{{"sliding_window", "4096"}}, kUnknown, "sliding_window: this key with value 4096"},
                    Refusal{{{"pretraining_tp", "2"}},
                            kUnknown,
                            "pretraining_tp: expected 1 (another value sums the linear layers in slices), got 2"},
                    Refusal{{{"partial_rotary_factor", "0.5"}}, kUnknown, "partial_rotary_factor: expected 1 "},
                    Refusal{{{"pruned_heads", "{\"0\":[1]}"}}, kUnknown, "pruned_heads: expected {} "},
                    Refusal{{{"is_encoder_decoder", "true"}}, kUnknown, "is_encoder_decoder: expected false "},
                    Refusal{{{"is_encoder_decoder", "0"}}, kUnknown, "is_encoder_decoder: expected false "},
                    Refusal{{{"quantization_config", "{\"bits\":4}"}},
                            kUnknown,
                            "quantization_config: the weights are quantized already"},
                    Refusal{{{"auto_map", "{}"}}, kUnknown, "auto_map: the folder brings model code of its own"}));

TEST(LlamaConfig, AcceptsHarmlessKeysAndNulls) {
  accepted({{"transformers_version", "\"4.40.0\""},
            {"use_cache", "true"},
            {"initializer_range", "0.02"},
            {"pretraining_tp", "1"},
            {"partial_rotary_factor", "1.0"},
            {"pruned_heads", "{}"},
            {"is_encoder_decoder", "false"},
            {"attention_dropout", "0.1"},
            {"quantization_config", "null"},
            {"anything", "null"}});
}

} // namespace
