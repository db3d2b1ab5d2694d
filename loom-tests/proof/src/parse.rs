//! Reads a source file, as far as a model is built from it.

use quote::ToTokens;
use syn::Attribute;

/// One source file, read: without documentation, and without what is not compiled in a model.
pub struct Parsed {
    pub tree: syn::File,
}

/// Reads the file that `source` is the text of.
pub fn parse(file: &str, source: &str) -> Result<Parsed, String> {
    let mut tree = syn::parse_file(source).map_err(|error| format!("{file}: {error}"))?;
    strip(&mut tree);
    Ok(Parsed { tree })
}

/// FNV-1a (Fowler, Noll and Vo): enough to notice a change.
pub fn digest(text: &str) -> String {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:08x}", hash >> 32)
}

/// Takes out what is not compiled in a model, and the documentation.
fn strip(tree: &mut syn::File) {
    fn filter(items: &mut Vec<syn::Item>) {
        items.retain_mut(|item| {
            let attributes = match item {
                syn::Item::Mod(module) => {
                    if let Some((_, inner)) = &mut module.content {
                        filter(inner);
                    }
                    &mut module.attrs
                }
                syn::Item::Fn(function) => &mut function.attrs,
                syn::Item::Impl(block) => {
                    block.items.retain_mut(|item| match item {
                        syn::ImplItem::Fn(function) => keep(&mut function.attrs),
                        _ => true,
                    });
                    &mut block.attrs
                }
                syn::Item::Trait(item) => {
                    for item in &mut item.items {
                        if let syn::TraitItem::Fn(function) = item {
                            keep(&mut function.attrs);
                        }
                    }
                    &mut item.attrs
                }
                syn::Item::Struct(item) => &mut item.attrs,
                syn::Item::Enum(item) => &mut item.attrs,
                syn::Item::Use(item) => &mut item.attrs,
                syn::Item::Const(item) => &mut item.attrs,
                syn::Item::Static(item) => &mut item.attrs,
                syn::Item::Type(item) => &mut item.attrs,
                syn::Item::Macro(item) => &mut item.attrs,
                _ => return true,
            };
            keep(attributes)
        });
    }
    tree.attrs
        .retain(|attribute| !attribute.path().is_ident("doc"));
    filter(&mut tree.items);
}

/// Drops documentation; false for what a model does not compile.
fn keep(attributes: &mut Vec<Attribute>) -> bool {
    attributes.retain(|attribute| !attribute.path().is_ident("doc"));
    !attributes.iter().any(|attribute| {
        let text = attribute.meta.to_token_stream().to_string();
        attribute.path().is_ident("cfg") && (text.contains("not (loom)") || text.contains("test"))
    })
}
