"""ONNX files: conversion, clean-up, metadata."""
