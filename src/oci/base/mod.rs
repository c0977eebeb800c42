//! An image that something is put on top of, or beside: what it has installed, what its processes get, and its layers as they are.
//!
//! The way: [`BaseImage::open`] reads its manifest and configuration, from wherever it is; [`BaseImage::read`] reads as many of its layers
//! as it takes, the highest first, and writes down what tells something.

mod image;
mod manifest;
mod place;
mod root;

pub(crate) use image::{BaseImage, BaseLayer};
pub(crate) use root::{Kind, Root, Wanted};
