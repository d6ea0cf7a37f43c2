//! `llama describe`

use crate::arguments::Describe;
use crate::talk::{Outcome, print};
use llama::{Model, ModelBytes, ModelFile};

/// Says what a model file holds.
pub(crate) fn describe(arguments: &Describe) -> Outcome {
    let source = &arguments.source;
    let bytes = ModelBytes::copy(&source.model, None)?;
    let file = ModelFile::parse(&source.model, &bytes)?;
    let model = Model::load(&file)?;
    let config = model.config();
    let shape = config.cache_shape(source.rows.format())?;
    let context = source.context.unwrap_or(config.context);
    let token_bytes = shape.token_bytes();
    print(&format!("file        {} KiB", bytes.len() >> 10))?;
    print(&format!("layers      {}", config.layers))?;
    print(&format!("dimension   {}", config.dimension))?;
    print(&format!("hidden      {}", config.hidden))?;
    print(&format!(
        "heads       {} over {} of keys and values",
        config.heads, config.groups
    ))?;
    print(&format!(
        "vocabulary  {} tokens, {} with a text",
        config.vocabulary,
        model.vocabulary().len()
    ))?;
    print(&format!("context     {context} tokens"))?;
    print(&format!(
        "cache       {token_bytes} bytes a token, {} KiB for the whole context",
        token_bytes.saturating_mul(context) >> 10
    ))?;
    Ok(())
}
