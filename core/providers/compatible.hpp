#pragma once

#include "core/providers/provider.hpp"

namespace obliv::providers {

// Hosts that speak OpenAI's chat format: each is a row of data, in compatible.cpp;
// docs/providers.md tells how they differ. Those with further formats of their own have a file of
// their own.

extern const Provider cerebras;
extern const Provider custom;
extern const Provider deepgram;
extern const Provider deepseek;
extern const Provider groq;
extern const Provider huggingface;
extern const Provider llamacpp;
extern const Provider minimax;
extern const Provider mistral;
extern const Provider moonshot;
extern const Provider openrouter;
extern const Provider perplexity;
extern const Provider qianfan;
extern const Provider together;
extern const Provider vllm;
extern const Provider voyage;
extern const Provider xai;

}  // namespace obliv::providers
