//! The halves of a [`UnixStream`], borrowed and owned.

use std::error::Error;
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::Shutdown;
use std::os::unix::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_io::{AsyncRead, AsyncWrite};

use super::UnixStream;
use crate::net::halves::halves;
use crate::{Interest, Ready};

halves!(UnixStream, SocketAddr);
